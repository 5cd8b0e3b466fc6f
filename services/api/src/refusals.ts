import { randomUUID } from 'node:crypto';
import { accessRefused, defaultOrg, type EventLog } from '@tocsin/core';
import type { FastifyRequest } from 'fastify';

/** Addresses that get a record of their own within a window; a flood from more shares one. */
const maxAddresses = 100;
const others = 'others';

type Refusal = ReturnType<typeof refusalOf>;

/** Open from a record on: what comes within it is counted. */
interface Window {
  repeats: number;
  last: Refusal;
  readonly timer: NodeJS.Timeout;
}

/**
 * Puts refused accesses on record: the first from an address at once, repeats within a minute as one record at its end. So a flood
 * cannot fill the log, from however many addresses it comes.
 */
export class Refusals {
  readonly #log: EventLog;
  readonly #windowMs: number;
  readonly #windows = new Map<string, Window>();

  constructor(log: EventLog, { windowMs = 60_000 }: { readonly windowMs?: number } = {}) {
    this.#log = log;
    this.#windowMs = windowMs;
  }

  async record(request: FastifyRequest, reason: string): Promise<void> {
    const { ip } = request;
    const refusal = refusalOf(request, reason);
    const address = this.#windows.has(ip) || this.#windows.size < maxAddresses ? ip : others;
    const window = this.#windows.get(address);
    if (!window) {
      this.#open(address, refusal);
      await this.#append(refusal, 1);
      return;
    }
    window.repeats += 1;
    window.last = refusal;
  }

  /** Puts on record what was only counted so far. */
  async close(): Promise<void> {
    await Promise.all([...this.#windows.keys()].map((address) => this.#shut(address)));
  }

  #open(address: string, last: Refusal): Window {
    const timer = setTimeout(() => void this.#end(address), this.#windowMs).unref();
    const window = { repeats: 0, last, timer };
    this.#windows.set(address, window);
    return window;
  }

  async #end(address: string): Promise<void> {
    const last = this.#windows.get(address)?.last;
    const repeats = await this.#shut(address);
    // A record was written, so the next window begins; a flood that goes on gets one record each.
    if (last && repeats > 0 && !this.#windows.has(address)) this.#open(address, last);
  }

  /** Ends a window. Returns how many repeats it had. When they cannot be written they are counted into the next. */
  async #shut(address: string): Promise<number> {
    const window = this.#windows.get(address);
    if (!window) return 0;
    clearTimeout(window.timer);
    this.#windows.delete(address);
    const { repeats, last } = window;
    if (repeats === 0) return 0;
    try {
      await this.#append(last, repeats);
    } catch {
      // Whoever writes to the log next is told of the failure.
      const next = this.#windows.get(address) ?? this.#open(address, last);
      next.repeats += repeats;
    }
    return repeats;
  }

  async #append(refusal: Refusal, count: number): Promise<void> {
    const { at, ...data } = refusal;
    const about = { id: `refused-${randomUUID()}`, org: defaultOrg, subject: data.ip, at };
    await this.#log.append([
      { topic: 'activity', key: data.ip, shard: 0, value: accessRefused.make({ ...about, data: { ...data, count } }) },
    ]);
  }
}

const refusalOf = (request: FastifyRequest, reason: string) => ({
  at: Date.now(),
  method: request.method.slice(0, 16),
  path: request.url.split('?')[0]?.slice(0, 512) ?? '',
  reason,
  ip: request.ip,
  userAgent: (request.headers['user-agent'] ?? '').slice(0, 512),
  requestId: request.id,
});
