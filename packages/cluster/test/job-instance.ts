import type { Job } from '@tocsin/core';
import { BullmqJobQueue } from '../src/bullmq/bullmq-job-queue.ts';
import { RedisClient } from '../src/bullmq/redis-client.ts';

export const job = (id: string, about: Partial<Job<string>> = {}): Job<string> => ({
  id,
  lane: id,
  group: 'g',
  runAt: 0,
  data: id,
  ...about,
});

export interface JobInstanceAbout {
  readonly url: string;
  readonly prefix: string;
  readonly lockMs?: number;
  readonly rememberMs?: number;
  readonly answerWithinMs?: number;
}

/** One process that works: it tells of every start, and jobs end when they are told to, or at once. */
export class JobInstance {
  readonly queue: BullmqJobQueue<string>;
  readonly client: RedisClient;
  readonly started: string[] = [];
  readonly said: string[] = [];
  /** Jobs whose handler does not end by itself. */
  readonly hanging = new Map<string, () => void>();
  /** Jobs whose handler throws. */
  readonly failing = new Set<string>();
  readonly #end = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #changed: (() => void)[] = [];

  constructor(about: JobInstanceAbout) {
    this.client = new RedisClient({
      url: about.url,
      answerWithinMs: about.answerWithinMs,
      onTrouble: (line) => this.#tell(() => this.said.push(line)),
    });
    this.queue = new BullmqJobQueue<string>({ ...about, client: this.client, checkEveryMs: 100 });
  }

  work(hang: (id: string) => boolean = () => false, limits = { perGroup: 4, total: 8 }): this {
    const handler = (one: Job<string>) =>
      new Promise<void>((resolve, reject) => {
        if (this.failing.has(one.id)) reject(new Error('it fails'));
        else if (hang(one.id)) this.hanging.set(one.id, resolve);
        else resolve();
        this.#tell(() => this.started.push(one.id));
      });
    this.#work = this.queue.work(handler, { ...limits, signal: this.#end.signal });
    return this;
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }

  /** Resolves when Redis has been wiped or was away, and this process knows. */
  lost(): Promise<void> {
    return new Promise((resolve) => this.queue.lost(resolve, this.#end.signal));
  }

  ready(): Promise<unknown> {
    return this.client.ready ? Promise.resolve() : new Promise((resolve) => this.client.redis.once('ready', resolve));
  }

  async close(): Promise<void> {
    this.#end.abort();
    for (const finish of this.hanging.values()) finish();
    await this.#work;
    await this.queue.close();
    this.client.close();
  }

  #tell(change: () => void): void {
    change();
    for (const tell of this.#changed.splice(0)) tell();
  }
}
