import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  /** The same in every attempt to deliver the same message. */
  readonly id: string;
  readonly idempotencyKey: string | undefined;
  /** Whether the signature is right for these bytes. */
  readonly signed: boolean;
  readonly body: unknown;
}

const key = Buffer.from('demonstration-only-not-a-secret!');
/** As an operator would hand it out: Standard Webhooks. */
export const webhookSecret = `whsec_${key.toString('base64')}`;

/** Somebody else's server: takes what it is sent and checks the signature with its own code, not with ours. */
export class Receiver {
  readonly received: Received[] = [];
  readonly #server = createServer((request, response) => void this.#take(request, response));

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    this.received.push({
      path: request.url ?? '',
      id: header(request, 'webhook-id') ?? '',
      idempotencyKey: header(request, 'idempotency-key'),
      signed: isSigned(request, body),
      body: JSON.parse(body.toString('utf8')) as unknown,
    });
    response.writeHead(204).end();
  }
}

function isSigned(request: IncomingMessage, body: Buffer): boolean {
  const signed = `${header(request, 'webhook-id')}.${header(request, 'webhook-timestamp')}.${body.toString('utf8')}`;
  const expected = `v1,${createHmac('sha256', key).update(signed).digest('base64')}`;
  return header(request, 'webhook-signature')?.split(' ').includes(expected) === true;
}

function header({ headers }: IncomingMessage, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}
