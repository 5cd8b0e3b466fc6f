import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer as createSilentServer } from 'node:net';
import { once } from 'node:events';

export interface DoorAbout {
  /** The registry behind it. */
  readonly url: string;
  readonly port?: number;
  /** Lets in only who shows this. */
  readonly login?: string;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A way to the registry that can be closed, guarded or encrypted. */
export class RegistryDoor {
  readonly port: number;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  static async open(about: DoorAbout): Promise<RegistryDoor> {
    const pass = (asked: IncomingMessage, answer: ServerResponse): void => passOn(about, asked, answer);
    const server = about.tls ? createTlsServer(about.tls, pass) : createServer(pass);
    server.listen(about.port ?? 0, '127.0.0.1');
    await once(server, 'listening');
    return new RegistryDoor(server);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

function passOn({ url, login }: DoorAbout, asked: IncomingMessage, answer: ServerResponse): void {
  const wanted = login === undefined ? undefined : `Basic ${Buffer.from(login).toString('base64')}`;
  if (wanted !== undefined && asked.headers.authorization !== wanted) {
    answer.writeHead(401, { 'content-type': 'application/json' }).end('{"message":"Unauthorized"}');
    return;
  }
  const { host: _, authorization: __, ...headers } = asked.headers;
  const onward = request(new URL(asked.url ?? '/', url), { method: asked.method ?? 'GET', headers }, (said) => {
    answer.writeHead(said.statusCode ?? 500, said.headers);
    said.pipe(answer);
  });
  onward.on('error', () => answer.destroy());
  asked.pipe(onward);
}

/** Takes connections and says nothing; returns its port and how to end it. */
export async function silentServer(): Promise<{ readonly port: number; readonly close: () => void }> {
  const sockets = new Set<{ destroy(): void }>();
  const server = createSilentServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = (): void => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port: (server.address() as AddressInfo).port, close };
}
