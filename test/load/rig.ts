import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Agent, request } from 'undici';

/** The far end of a benchmark: takes webhooks and notes when each numbered one came first, and how many came twice. */
export class Receiver {
  readonly #server: Server;
  readonly arrivals = new Map<number, number>();
  repeats = 0;
  #waiting: { readonly count: number; readonly resolve: () => void }[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<Receiver> {
    const server = createServer({ keepAlive: true });
    const receiver = new Receiver(server);
    server.keepAliveTimeout = 60_000;
    server.on('request', (incoming, answer) => {
      let body = '';
      incoming.setEncoding('latin1');
      incoming.on('data', (chunk: string) => {
        body += chunk;
      });
      incoming.on('end', () => {
        answer.writeHead(200).end();
        receiver.#note(body);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hook`;
  }

  /** Resolves when so many different ones have arrived, or after `withinMs`. */
  async received(count: number, withinMs: number): Promise<void> {
    if (this.arrivals.size >= count) return;
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      new Promise<void>((resolve) => this.#waiting.push({ count, resolve })),
      new Promise<void>((resolve) => {
        timer = setTimeout(resolve, withinMs);
      }),
    ]);
    clearTimeout(timer);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #note(body: string): void {
    const number = Number(/bench-(\d+)/.exec(body)?.[1] ?? Number.NaN);
    if (Number.isNaN(number)) return;
    if (this.arrivals.has(number)) this.repeats += 1;
    else this.arrivals.set(number, performance.now());
    for (const { count, resolve } of this.#waiting) if (this.arrivals.size >= count) resolve();
    this.#waiting = this.#waiting.filter(({ count }) => this.arrivals.size < count);
  }
}

export interface Target {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** A detection in Tocsin's own format; the number comes back in the webhook. */
export const detection = (number: number, host = `bench-${number}`): string =>
  JSON.stringify({
    id: `d-${number}`,
    source: 'bench',
    rule: { id: 'bench-rule', name: 'Shell in a container', tags: ['team:blue'] },
    severity: 'high',
    title: 'A shell was spawned in a container with an attached terminal',
    message: 'Shell spawned by nginx: bash -i parent=nginx cmdline=bash -i terminal=34816',
    time: new Date().toISOString(),
    groupBy: ['host'],
    host,
    tags: ['env:prod', 'technique:t1059'],
    attributes: { process: { name: 'bash', cmdline: 'bash -i' }, container: { id: '0123456789ab', name: 'web' } },
  });

export class Sender {
  readonly #agent: Agent;
  readonly #target: Target;
  readonly refusals = new Map<string, number>();
  acknowledged = 0;
  readonly sentAt = new Map<number, number>();

  constructor(target: Target, connections: number) {
    this.#target = target;
    this.#agent = new Agent({ connections, pipelining: 1, keepAliveTimeout: 30_000 });
  }

  /** Sends on a fixed schedule, whatever the answers take: latency counts from when a request was due. */
  async paced(first: number, perSecond: number, seconds: number): Promise<number> {
    const total = perSecond * seconds;
    const start = performance.now();
    const open: Promise<void>[] = [];
    for (let sent = 0; sent < total; ) {
      const due = Math.min(total, Math.floor(((performance.now() - start) * perSecond) / 1000) + 1);
      for (; sent < due; sent += 1) {
        this.sentAt.set(first + sent, start + (sent * 1000) / perSecond);
        open.push(this.send(detection(first + sent)));
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await Promise.all(open);
    return total;
  }

  /** Sends as fast as answers come, on so many connections. Returns how many were acknowledged. */
  async flatOut(first: number, connections: number, seconds: number): Promise<number> {
    const end = performance.now() + seconds * 1000;
    let next = first;
    const before = this.acknowledged;
    const worker = async (): Promise<void> => {
      while (performance.now() < end) {
        const number = next;
        next += 1;
        this.sentAt.set(number, performance.now());
        await this.send(detection(number));
      }
    };
    await Promise.all(Array.from({ length: connections }, worker));
    return this.acknowledged - before;
  }

  async send(body: string): Promise<void> {
    try {
      const { statusCode, body: answer } = await request(this.#target.url, {
        method: 'POST',
        dispatcher: this.#agent,
        headers: { 'content-type': 'application/json', ...this.#target.headers },
        body,
      });
      await answer.dump();
      if (statusCode >= 200 && statusCode < 300) this.acknowledged += 1;
      else this.#refused(String(statusCode));
    } catch (error) {
      this.#refused(error instanceof Error ? error.message : 'unknown');
    }
  }

  close(): Promise<void> {
    return this.#agent.close();
  }

  #refused(why: string): void {
    this.refusals.set(why, (this.refusals.get(why) ?? 0) + 1);
  }
}

/** The q-th quantile of sorted numbers. */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;

export function latencies(sender: Sender, receiver: Receiver, from: number, to: number): readonly number[] {
  const all: number[] = [];
  for (let number = from; number < to; number += 1) {
    const sent = sender.sentAt.get(number);
    const arrived = receiver.arrivals.get(number);
    if (sent !== undefined && arrived !== undefined) all.push(arrived - sent);
  }
  return all.sort((a, b) => a - b);
}
