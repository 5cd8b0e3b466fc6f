import type { Instant, Job, JobQueue, WorkOptions } from '@tocsin/core';
import { type Job as BullJob, DelayedError, WaitingError, Worker } from 'bullmq';
import { GroupQueue } from './group-queue.ts';
import { JobLanes, type Ticketed } from './job-lanes.ts';
import type { RedisClient } from './redis-client.ts';
import { WorkSlots } from './work-slots.ts';

export interface BullmqJobQueueOptions {
  readonly client: RedisClient;
  /** Of all keys. In braces, so that a Redis Cluster keeps them together. @default '{tocsin}' */
  readonly prefix?: string | undefined;
  /** After so long without a sign of life of a process, its jobs are begun again by others. @default 30_000 */
  readonly lockMs?: number | undefined;
  /**
   * For so long an id that was done may not be added again; one whose handler threw may. Wanted where several processes add
   * the same jobs, some later than others. @default 0
   */
  readonly rememberMs?: number | undefined;
  /** How often it is asked whether Redis was wiped, and for groups that others have added. @default 1_000 */
  readonly checkEveryMs?: number | undefined;
}

type Handler<D> = (job: Job<D>, signal: AbortSignal) => Promise<void>;
interface Work<D> {
  readonly handler: Handler<D>;
  readonly options: WorkOptions;
  readonly slots: WorkSlots;
}

const addedAtOnce = 500;
const closedWithinMs = 2_000;

/**
 * Jobs in Redis, shared by all processes: one BullMQ queue a group. Limits are those of each process. Redis may be away or
 * wiped at any time: `add` then promises nothing, and whoever listens to `lost` hears of it as soon as it is back.
 */
export class BullmqJobQueue<D> implements JobQueue<D> {
  readonly #client: RedisClient;
  readonly #lanes: JobLanes<D>;
  readonly #prefix: string;
  readonly #lockMs: number;
  readonly #rememberMs: number;
  readonly #groups = new Map<string, GroupQueue<D>>();
  readonly #listeners = new Set<() => void>();
  readonly #check: NodeJS.Timeout;
  /** Ends that Redis has not heard of yet. */
  readonly #ending = new Set<Promise<unknown>>();
  #epoch: string | undefined;
  #missed = false;
  #work: Work<D> | undefined;

  constructor(options: BullmqJobQueueOptions) {
    const { client, prefix = '{tocsin}', lockMs = 30_000, rememberMs = 0, checkEveryMs = 1_000 } = options;
    this.#client = client;
    this.#prefix = prefix;
    this.#lockMs = lockMs;
    this.#rememberMs = rememberMs;
    this.#lanes = new JobLanes(client.redis, prefix);
    this.#check = setInterval(() => void this.#look(), checkEveryMs);
    this.#check.unref();
    client.redis.on('ready', this.#onReady);
    if (client.ready) this.#onReady();
  }

  /** Never rejects: what Redis did not take now is lost, and the listeners of `lost` hear of it when Redis is back. */
  async add(jobs: readonly Job<D>[]): Promise<void> {
    try {
      for (let at = 0; at < jobs.length; at += addedAtOnce)
        await this.#client.ask(() => this.#add(jobs.slice(at, at + addedAtOnce)));
    } catch (error) {
      this.#missed = true;
      this.#client.trouble(error instanceof Error && error.cause ? error.cause : error);
    }
  }

  async work(handler: Handler<D>, options: WorkOptions): Promise<void> {
    if (this.#work) throw new Error('this queue has its workers already');
    if (options.signal.aborted) return;
    const { perGroup, total, signal } = options;
    const slots = new WorkSlots({
      total,
      perGroup: (group) => (typeof perGroup === 'number' ? perGroup : perGroup(group)),
    });
    this.#work = { handler, options, slots };
    for (const [name, group] of this.#groups) this.#start(name, group);
    void this.#look();
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    await this.#rest(slots);
    this.#work = undefined;
  }

  async pause(group: string, until: Instant): Promise<void> {
    this.#work?.slots.pause(group, until);
    // Without Redis nothing new begins anyway.
    await this.#client.ask(() => this.#group(group).hold(until)).catch((error: unknown) => this.#client.trouble(error));
  }

  /** Rejects with `RedisUnavailable`. */
  async counts(): Promise<{ readonly waiting: number; readonly running: number }> {
    return this.#client.ask(async () => {
      await Promise.all(this.#ending);
      return this.#lanes.counts();
    });
  }

  /** When Redis was wiped, or could not take what was added. */
  lost(listener: () => void, signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#listeners.add(listener);
    signal.addEventListener('abort', () => this.#listeners.delete(listener), { once: true });
  }

  async close(): Promise<void> {
    clearInterval(this.#check);
    this.#client.redis.off('ready', this.#onReady);
    await Promise.all([...this.#groups.values()].map((group) => group.close()));
  }

  readonly #onReady = (): void => void this.#look();

  async #add(jobs: readonly Job<D>[]): Promise<void> {
    await Promise.all(this.#ending);
    const { epoch, heads } = await this.#lanes.accept(jobs);
    await this.#enqueue(heads);
    this.#notice(epoch);
  }

  async #enqueue(heads: readonly Ticketed<D>[]): Promise<void> {
    const groups = new Set(heads.map(({ job }) => job.group));
    const of = (group: string) => heads.filter(({ job }) => job.group === group);
    await Promise.all([...groups].map((group) => this.#group(group).add(of(group))));
  }

  #group(name: string): GroupQueue<D> {
    const known = this.#groups.get(name);
    if (known) return known;
    const onTrouble = (error: unknown) => this.#onWorkerTrouble(error);
    const made = new GroupQueue<D>({ group: name, redis: this.#client.redis, prefix: this.#prefix, onTrouble });
    this.#groups.set(name, made);
    this.#start(name, made);
    return made;
  }

  #start(name: string, group: GroupQueue<D>): void {
    const work = this.#work;
    if (!work || work.options.signal.aborted) return;
    const process = (job: BullJob<Ticketed<D>>, token: string) => this.#process(job, token, work);
    group.work({ process, concurrency: this.#allowed(name, work), lockMs: this.#lockMs });
  }

  #allowed(name: string, { options: { perGroup, total } }: Work<D>): number {
    return Math.max(1, Math.min(total, typeof perGroup === 'number' ? perGroup : perGroup(name)));
  }

  async #process(bull: BullJob<Ticketed<D>>, token: string, work: Work<D>): Promise<void> {
    const { group, runAt } = bull.data.job;
    if (runAt > Date.now()) {
      // By the clock of another machine it was due.
      await bull.moveToDelayed(runAt, token);
      throw new DelayedError();
    }
    const answer = await work.slots.take(group);
    if (answer === 'go') return this.#runOrPass(bull.data, work);
    if (answer === 'paused') {
      // Also where the other process that has Redis' limiter now said less.
      await this.#group(group).hold(work.slots.pausedUntil(group));
      throw Worker.RateLimitError();
    }
    await bull.moveToWait(token);
    throw new WaitingError();
  }

  /** Runs it if it is its turn. If not, this is a repeat of an end that Redis heard of, but whose successor was not queued. */
  async #runOrPass(ticketed: Ticketed<D>, work: Work<D>): Promise<void> {
    const { group } = ticketed.job;
    let turn: Awaited<ReturnType<JobLanes<D>['begin']>>;
    let done = true;
    try {
      turn = await this.#lanes.begin(ticketed, Date.now());
      // A handler that throws has reported nothing, and the lease brings the job back.
      if (turn.mine) done = await settled(work.handler(ticketed.job, work.options.signal));
    } finally {
      work.slots.free(group);
    }
    if (turn.mine) await this.#end(ticketed, done);
    else if (turn.head) await this.#enqueue([turn.head]);
    else void this.#look();
    this.#groups.get(group)?.allow(this.#allowed(group, work));
  }

  async #end(ticketed: Ticketed<D>, done: boolean): Promise<void> {
    const ended = this.#lanes
      .end(ticketed, done ? this.#rememberMs : 0)
      .then((next) => (next ? this.#enqueue([next]) : undefined));
    this.#ending.add(ended);
    try {
      await ended;
    } finally {
      this.#ending.delete(ended);
    }
  }

  async #rest(slots: WorkSlots): Promise<void> {
    let giveUp = (): void => {};
    const tooLong = new Promise<void>((resolve) => {
      giveUp = resolve;
    });
    const resting = [...this.#groups.values()].map((group) => group.rest(tooLong));
    await slots.stop();
    const timer = setTimeout(giveUp, closedWithinMs);
    await Promise.all(resting);
    clearTimeout(timer);
  }

  /** What Redis says of wipes and of groups that other processes have added. */
  async #look(): Promise<void> {
    try {
      const [epoch, groups] = await this.#client.ask(() => Promise.all([this.#lanes.epoch(), this.#lanes.groups()]));
      for (const group of groups) this.#group(group);
      this.#notice(epoch);
    } catch {
      // The connection has said it already; the next look comes.
    }
  }

  #notice(epoch: string): void {
    const wiped = this.#epoch !== undefined && this.#epoch !== epoch;
    this.#epoch = epoch;
    if (!wiped && !this.#missed) return;
    this.#missed = false;
    for (const listener of this.#listeners) listener();
  }

  /** After a wipe BullMQ misses the locks and keys of what runs; that says nothing new. */
  #onWorkerTrouble(error: unknown): void {
    if (/Missing (lock|key)|could not renew lock|Connection is closed/i.test(String(error))) return;
    this.#client.trouble(error);
  }
}

const settled = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );
