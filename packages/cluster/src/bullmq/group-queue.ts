import type { Instant } from '@tocsin/core';
import { type Job as BullJob, Queue, Worker } from 'bullmq';
import type { Redis } from 'ioredis';
import type { Ticketed } from './job-lanes.ts';
import { RedisScript } from './redis-script.ts';

export interface GroupQueueParts {
  readonly group: string;
  readonly redis: Redis;
  readonly prefix: string;
  readonly onTrouble: (error: unknown) => void;
}

export interface GroupWork<D> {
  readonly process: (job: BullJob<Ticketed<D>>, token: string) => Promise<void>;
  readonly concurrency: number;
  /** After so long without a sign of life of a process, its jobs are begun again by others. */
  readonly lockMs: number;
}

/** More jobs a second than any worker makes: the limiter is there only to be held. */
const unlimited = 1_000_000_000;

// KEYS limiter   ARGV milliseconds   A longer hold stays.
const holdScript = new RedisScript(`
local held = tonumber(redis.call('GET', KEYS[1]) or '0') >= ${unlimited}
if held and redis.call('PTTL', KEYS[1]) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], '${Number.MAX_SAFE_INTEGER}', 'PX', ARGV[1])
return 1`);

/** The BullMQ queue of one group, and while it works its worker. BullMQ's groups are a paid feature; queues are not. */
export class GroupQueue<D> {
  readonly #parts: GroupQueueParts;
  readonly #queue: Queue<Ticketed<D>>;
  readonly #nudges = new Set<NodeJS.Timeout>();
  #worker: Worker<Ticketed<D>> | undefined;

  constructor(parts: GroupQueueParts) {
    this.#parts = parts;
    this.#queue = new Queue<Ticketed<D>>(this.#name, { ...this.#connection, skipMetasUpdate: true });
    this.#queue.on('error', parts.onTrouble);
  }

  /** Those that are queued or run already stay as they are. */
  async add(tickets: readonly Ticketed<D>[]): Promise<void> {
    const now = Date.now();
    const jobs = tickets.map((data) => ({
      name: 'attempt',
      data,
      opts: {
        jobId: data.ticket,
        delay: Math.max(0, data.job.runAt - now),
        removeOnComplete: true,
        removeOnFail: true,
      },
    }));
    // The types of BullMQ derive a job's name and data from its queue's; with a type parameter inside they cannot be resolved.
    await this.#queue.addBulk(jobs as Parameters<Queue<Ticketed<D>>['addBulk']>[0]);
  }

  /** No worker of any process takes a job of this group before the instant. */
  async hold(until: Instant): Promise<void> {
    const ms = Math.ceil(until - Date.now());
    if (ms <= 0) return;
    await holdScript.run(this.#parts.redis, [this.#queue.toKey('limiter')], [ms]);
    this.#nudgeIn(ms);
  }

  work({ process, concurrency, lockMs }: GroupWork<D>): void {
    this.#worker = new Worker<Ticketed<D>>(this.#name, (job, token = '') => process(job, token), {
      ...this.#connection,
      concurrency,
      lockDuration: lockMs,
      stalledInterval: lockMs,
      // A job that a dead process had begun is begun again, however often that happens: leases end it, not BullMQ.
      maxStalledCount: Number.MAX_SAFE_INTEGER,
      runRetryDelay: 1_000,
      limiter: { max: unlimited, duration: 1_000 },
    });
    this.#worker.on('error', this.#parts.onTrouble);
  }

  /** How many jobs the worker may hold. */
  allow(concurrency: number): void {
    const worker = this.#worker;
    if (!worker || worker.concurrency === concurrency) return;
    const more = concurrency > worker.concurrency;
    worker.concurrency = Math.max(1, concurrency);
    if (more) this.#nudge();
  }

  /** Takes no further job; resolves when those that it has are given back or done, or when that takes too long. */
  async rest(tooLong: Promise<void>): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    for (const timer of this.#nudges) clearTimeout(timer);
    this.#nudges.clear();
    if (!worker) return;
    const closed = worker.close();
    closed.catch(this.#parts.onTrouble);
    // Without Redis it would wait for ever; what it holds is begun again by others.
    await Promise.race([closed, tooLong]);
  }

  async close(): Promise<void> {
    await this.#queue.close().catch(this.#parts.onTrouble);
  }

  get #name(): string {
    return `group-${encodeURIComponent(this.#parts.group)}`;
  }

  get #connection() {
    const { redis, prefix } = this.#parts;
    return { connection: redis, prefix, skipVersionCheck: true };
  }

  /**
   * BullMQ's loop looks for work again only when one of its jobs ends; a pause of no length makes it look now. Both calls
   * take effect at once: with a wait between them the loop might see the pause and end.
   */
  #nudge(): void {
    const worker = this.#worker;
    if (!worker) return;
    worker.pause(true).catch(this.#parts.onTrouble);
    worker.resume().catch(this.#parts.onTrouble);
  }

  #nudgeIn(ms: number): void {
    const timer = setTimeout(() => {
      this.#nudges.delete(timer);
      this.#nudge();
    }, ms + 1);
    timer.unref();
    this.#nudges.add(timer);
  }
}
