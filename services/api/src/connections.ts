import type { Server } from 'node:http';
import type { Socket } from 'node:net';

const lookEveryMs = 25;

/** The connections of a server, so that it can be closed without waiting for those that nobody uses. */
export class Connections {
  readonly #server: Server;
  readonly #open = new Set<Socket>();

  constructor(server: Server) {
    this.#server = server;
    server.on('connection', (socket: Socket) => {
      this.#open.add(socket);
      socket.once('close', () => this.#open.delete(socket));
    });
  }

  /** Call it when the server closes: hangs up on whoever has no request under way, and after `withinMs` on everybody. */
  drain(withinMs: number): void {
    const until = Date.now() + withinMs;
    const timer = setInterval(() => {
      if (Date.now() > until) this.#server.closeAllConnections();
      else this.#closeIdle();
      if (this.#open.size === 0) clearInterval(timer);
    }, lookEveryMs);
    this.#closeIdle();
  }

  /** Clients open connections ahead of their requests; to Node those are not idle. */
  #closeIdle(): void {
    this.#server.closeIdleConnections();
    for (const socket of this.#open) if (socket.bytesRead === 0) socket.destroy();
  }
}
