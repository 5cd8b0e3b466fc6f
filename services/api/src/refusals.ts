import { randomUUID } from 'node:crypto';
import { accessRefused, defaultOrg, type EventLog } from '@tocsin/core';
import type { FastifyRequest } from 'fastify';

const windowMs = 60_000;
/** Addresses that get a record of their own within a window; a flood from more shares one. */
const maxAddresses = 100;
const others = 'others';

interface Repeats {
  since: number;
  count: number;
}

/**
 * Puts refused accesses on record: the first from an address at once, repeats within a minute counted into the next record. So a
 * flood cannot fill the log, from however many addresses it comes.
 */
export class Refusals {
  readonly #log: EventLog;
  readonly #seen = new Map<string, Repeats>();

  constructor(log: EventLog) {
    this.#log = log;
  }

  async record(request: FastifyRequest, reason: string): Promise<void> {
    const now = Date.now();
    const count = this.#countOf(request.ip, now);
    if (count === 0) return;
    const data = {
      method: request.method.slice(0, 16),
      path: request.url.split('?')[0]?.slice(0, 512) ?? '',
      reason,
      ip: request.ip,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, 512),
      requestId: request.id,
      count,
    };
    const about = { id: `refused-${randomUUID()}`, org: defaultOrg, subject: request.ip, at: now };
    await this.#log.append([
      { topic: 'activity', key: request.ip, shard: 0, value: accessRefused.make({ ...about, data }) },
    ]);
  }

  /** How many refusals the record to be written stands for; 0 while they are only counted. */
  #countOf(ip: string, now: number): number {
    const seen = this.#repeatsOf(ip, now);
    seen.count += 1;
    if (now - seen.since < windowMs) return 0;
    const { count } = seen;
    Object.assign(seen, { since: now, count: 0 });
    return count;
  }

  #repeatsOf(ip: string, now: number): Repeats {
    if (!this.#seen.has(ip) && this.#seen.size >= maxAddresses) this.#tidy(now);
    return this.#entry(this.#seen.has(ip) || this.#seen.size < maxAddresses ? ip : others);
  }

  #tidy(now: number): void {
    let left = 0;
    for (const [address, { since, count }] of this.#seen) {
      if (address === others || now - since < windowMs) continue;
      this.#seen.delete(address);
      left += count;
    }
    this.#entry(others).count += left;
  }

  #entry(address: string): Repeats {
    const entry = this.#seen.get(address) ?? { since: 0, count: 0 };
    this.#seen.set(address, entry);
    return entry;
  }
}
