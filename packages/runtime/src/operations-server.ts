import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Health } from './health.ts';
import type { Metrics } from './metrics.ts';

/** What supervisors and scrapers ask of a process: `/livez`, `/readyz` and `/metrics`, nothing else. Meant for a network of one's own. */
export class OperationsServer {
  readonly #health: Health;
  readonly #metrics: Metrics;
  readonly #server: Server;

  constructor({ health, metrics }: { readonly health: Health; readonly metrics: Metrics }) {
    this.#health = health;
    this.#metrics = metrics;
    this.#server = createServer((request, response) => {
      const path = request.url?.split('?')[0];
      if (path === '/livez') return this.#live(response);
      if (path === '/readyz') return this.#ready(response);
      if (path === '/metrics') return void this.#expose(response);
      return answer(response, 404, { error: 'there is /livez, /readyz and /metrics' });
    });
  }

  /** Its URL. Rejects when the address cannot be had. */
  async listen({ host, port }: { readonly host: string; readonly port: number }): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject).listen(port, host, resolve);
    });
    const { port: taken } = this.#server.address() as AddressInfo;
    return `http://${host.includes(':') ? `[${host}]` : host}:${taken}`;
  }

  close(): Promise<void> {
    this.#server.closeAllConnections();
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  #live(response: ServerResponse): void {
    const { live, reasons } = this.#health.liveness();
    answer(response, live ? 200 : 503, { live, reasons });
  }

  #ready(response: ServerResponse): void {
    const { ready, checks } = this.#health.readiness();
    answer(response, ready ? 200 : 503, { ready, checks });
  }

  async #expose(response: ServerResponse): Promise<void> {
    try {
      const text = await this.#metrics.exposition();
      response.writeHead(200, { 'content-type': this.#metrics.contentType }).end(text);
    } catch {
      answer(response, 500, { error: 'the metrics could not be collected' });
    }
  }
}

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(`${JSON.stringify(body)}\n`);
};
