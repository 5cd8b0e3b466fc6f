import type { Job } from '@tocsin/core';
import type { OpenedJobQueue } from './harness.ts';

interface Bench {
  readonly job: Job<string>;
  readonly finish: () => void;
  readonly fail: (reason: Error) => void;
}

/** A handler under the test's control: every job starts, is counted, and goes on only when the test says so. */
export class Workshop {
  /** In the order of starting. */
  readonly started: Job<string>[] = [];
  /** Jobs that started before their time. */
  readonly early: string[] = [];
  /** Jobs whose signal was aborted while they ran. */
  readonly signalled: string[] = [];
  mostAtOnce = 0;
  mostInGroup = 0;
  mostInLane = 0;
  readonly #opened: OpenedJobQueue;
  readonly #benches = new Map<string, Bench>();
  #taken = 0;
  #changed: (() => void)[] = [];
  #abort = new AbortController();
  #work: Promise<void> = Promise.resolve();

  constructor(opened: OpenedJobQueue) {
    this.#opened = opened;
  }

  work(limits: { readonly perGroup: number; readonly total: number }): void {
    this.#abort = new AbortController();
    const options = { ...limits, signal: this.#abort.signal };
    this.#work = this.#opened.queue.work((job, signal) => this.#handle(job, signal), options);
  }

  /** Resolves when the work has ended. */
  get ended(): Promise<void> {
    return this.#work;
  }

  /** The next job that has started and was not asked for yet. */
  async nextStarted(): Promise<Job<string>> {
    await this.#until(() => this.started.length > this.#taken);
    const job = this.started[this.#taken++];
    if (!job) throw new Error('no job has started');
    return job;
  }

  /** Resolves when nothing runs. */
  async idle(): Promise<void> {
    await this.#until(() => this.#benches.size === 0);
    await turns();
  }

  /** Resolves when so many jobs have been finished. */
  async settled(count: number): Promise<void> {
    await this.#until(() => this.started.length - this.#benches.size >= count);
    await turns();
  }

  finish(id: string): void {
    this.#benches.get(id)?.finish();
  }

  fail(id: string): void {
    this.#benches.get(id)?.fail(new Error('the handler threw'));
  }

  abort(): void {
    this.#abort.abort();
  }

  async close(): Promise<void> {
    this.abort();
    for (const { finish } of this.#benches.values()) finish();
    await this.#work;
  }

  async #handle(job: Job<string>, signal: AbortSignal): Promise<void> {
    const settled = new Promise<void>((resolve, reject) => {
      this.#benches.set(job.id, { job, finish: resolve, fail: reject });
    });
    const note = () => this.signalled.push(job.id);
    signal.addEventListener('abort', note, { once: true });
    this.started.push(job);
    if (this.#opened.now() < job.runAt) this.early.push(job.id);
    this.#count(job);
    this.#tell();
    try {
      await settled;
    } finally {
      signal.removeEventListener('abort', note);
      this.#benches.delete(job.id);
      this.#tell();
    }
  }

  #count({ group, lane }: Job<string>): void {
    const running = [...this.#benches.values()].map(({ job }) => job);
    this.mostAtOnce = Math.max(this.mostAtOnce, running.length);
    this.mostInGroup = Math.max(this.mostInGroup, running.filter((one) => one.group === group).length);
    this.mostInLane = Math.max(this.mostInLane, running.filter((one) => one.lane === lane).length);
  }

  #tell(): void {
    for (const tell of this.#changed.splice(0)) tell();
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#changed.push(resolve));
  }
}

/** Lets what follows from a settled handler happen inside the queue. */
async function turns(): Promise<void> {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setImmediate(resolve));
}
