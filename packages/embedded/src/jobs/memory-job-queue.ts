import { type Instant, type Job, type JobQueue, WakeHeap, type WorkOptions } from '@tocsin/core';

interface Group {
  /** Lanes whose head may run now, in the order in which they became ready. */
  readonly ready: string[];
  running: number;
  pausedUntil: Instant;
}

interface Work<D> {
  readonly handler: (job: Job<D>, signal: AbortSignal) => Promise<void>;
  readonly options: WorkOptions;
  readonly done: () => void;
}

const longestTimer = 2 ** 31 - 1;

/**
 * Jobs in memory, for one process. Nothing is kept: after a restart the delivery worker fills it from the log. Groups take
 * turns, so a group with a long queue or slow handlers holds up no other.
 */
export class MemoryJobQueue<D> implements JobQueue<D> {
  readonly #clock: () => Instant;
  readonly #known = new Set<string>();
  readonly #lanes = new Map<string, Job<D>[]>();
  readonly #groups = new Map<string, Group>();
  /** Groups with a ready lane, in turn. */
  readonly #turns = new Set<string>();
  readonly #timers = new WakeHeap();
  #timer: NodeJS.Timeout | undefined;
  #timerAt = Number.POSITIVE_INFINITY;
  #running = 0;
  #work: Work<D> | undefined;

  constructor({ clock = Date.now }: { readonly clock?: () => Instant } = {}) {
    this.#clock = clock;
  }

  add(jobs: readonly Job<D>[]): Promise<void> {
    for (const job of jobs) {
      if (this.#known.has(job.id)) continue;
      this.#known.add(job.id);
      const lane = this.#lanes.get(job.lane);
      if (lane) lane.push(job);
      else {
        this.#lanes.set(job.lane, [job]);
        this.#offer(job);
      }
    }
    this.#pump();
    return Promise.resolve();
  }

  async work(handler: Work<D>['handler'], options: WorkOptions): Promise<void> {
    if (this.#work) throw new Error('this queue has its workers already');
    if (options.signal.aborted) return;
    await new Promise<void>((resolve) => {
      this.#work = { handler, options, done: resolve };
      options.signal.addEventListener('abort', () => this.#stopWhenIdle(), { once: true });
      this.#pump();
    });
    clearTimeout(this.#timer);
    this.#timerAt = Number.POSITIVE_INFINITY;
    this.#work = undefined;
  }

  pause(group: string, until: Instant): Promise<void> {
    const held = this.#group(group);
    held.pausedUntil = Math.max(held.pausedUntil, until);
    this.#turns.delete(group);
    this.#timers.push({ at: held.pausedUntil, key: `group ${group}` });
    this.#arm();
    return Promise.resolve();
  }

  counts(): Promise<{ readonly waiting: number; readonly running: number }> {
    return Promise.resolve({ waiting: this.#known.size - this.#running, running: this.#running });
  }

  /** The head of a lane becomes ready now or by timer. */
  #offer({ group: name, lane, runAt }: Job<D>): void {
    if (runAt > this.#clock()) {
      this.#timers.push({ at: runAt, key: `lane ${lane}` });
      this.#arm();
      return;
    }
    const group = this.#group(name);
    group.ready.push(lane);
    if (group.pausedUntil <= this.#clock()) this.#turns.add(name);
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known) return known;
    const made: Group = { ready: [], running: 0, pausedUntil: 0 };
    this.#groups.set(name, made);
    return made;
  }

  #pump(): void {
    const work = this.#work;
    if (!work || work.options.signal.aborted) return;
    const { perGroup, total } = work.options;
    for (const name of this.#turns) {
      if (this.#running >= total) return;
      const group = this.#group(name);
      this.#turns.delete(name);
      if (group.running >= (typeof perGroup === 'number' ? perGroup : perGroup(name))) continue;
      const lane = group.ready.shift();
      const job = lane === undefined ? undefined : this.#lanes.get(lane)?.[0];
      if (!job) continue;
      if (group.ready.length > 0) this.#turns.add(name);
      void this.#run(job, group, work);
    }
  }

  async #run(job: Job<D>, group: Group, work: Work<D>): Promise<void> {
    this.#running += 1;
    group.running += 1;
    try {
      await work.handler(job, work.options.signal);
    } catch {
      // The handler reports by event; one that throws has reported nothing, and the lease brings the job back.
    }
    this.#running -= 1;
    group.running -= 1;
    this.#settle(job, group);
    if (work.options.signal.aborted) this.#stopWhenIdle();
    else this.#pump();
  }

  #settle(job: Job<D>, group: Group): void {
    this.#known.delete(job.id);
    const lane = this.#lanes.get(job.lane) ?? [];
    lane.shift();
    const next = lane[0];
    if (next) this.#offer(next);
    else this.#lanes.delete(job.lane);
    if (group.ready.length > 0 && group.pausedUntil <= this.#clock()) this.#turns.add(job.group);
  }

  #stopWhenIdle(): void {
    if (this.#running === 0) this.#work?.done();
  }

  #arm(): void {
    const first = this.#timers.first;
    if (!first || first.at >= this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = first.at;
    this.#timer = setTimeout(() => this.#ring(), Math.min(Math.max(first.at - this.#clock(), 1), longestTimer));
    this.#timer.unref();
  }

  #ring(): void {
    this.#timerAt = Number.POSITIVE_INFINITY;
    for (let due = this.#timers.first; due && due.at <= this.#clock(); due = this.#timers.first) {
      this.#timers.pop();
      this.#wake(due.key);
    }
    this.#pump();
    this.#arm();
  }

  #wake(key: string): void {
    const name = key.slice(key.indexOf(' ') + 1);
    if (key.startsWith('lane ')) {
      const job = this.#lanes.get(name)?.[0];
      if (job) this.#offer(job);
      return;
    }
    const group = this.#group(name);
    if (group.pausedUntil <= this.#clock() && group.ready.length > 0) this.#turns.add(name);
  }
}
