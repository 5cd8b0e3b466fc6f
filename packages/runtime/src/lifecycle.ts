import type { Health } from './health.ts';
import type { Logger } from './logger.ts';

export interface LifecycleParts {
  readonly log: Logger;
  /** Gets a `lifecycle` check: not ready as soon as stopping begins. */
  readonly health?: Health | undefined;
  /** All steps together get about so long to stop. 9 s. */
  readonly gracefulMs?: number;
}

export interface LifecycleStep<T> {
  readonly name: string;
  /** `stopping` aborts when the stop begins; a start that waits should give up then. */
  start(stopping: AbortSignal): T | Promise<T>;
  stop?(started: T): void | Promise<void>;
  /** 5 s, or what is left of the whole. */
  readonly stopWithinMs?: number;
}

interface Undo {
  readonly name: string;
  readonly withinMs: number;
  run(): void | Promise<void>;
}

const stepLimitMs = 5_000;
/** Even the last step of a slow stop gets this. */
const leastMs = 250;

/** Owns what a process has started and stops it in the opposite order, each step within its own time. */
export class Lifecycle {
  readonly #log: Logger;
  readonly #gracefulMs: number;
  readonly #stop = new AbortController();
  readonly #failed = new AbortController();
  readonly #undo: Undo[] = [];
  readonly #starting = new Set<Promise<unknown>>();
  #stopped: Promise<boolean> | undefined;

  constructor({ log, health, gracefulMs = 9_000 }: LifecycleParts) {
    this.#log = log;
    this.#gracefulMs = gracefulMs;
    health?.check('lifecycle', () => (this.#stop.signal.aborted ? 'stopping' : undefined));
  }

  /** Aborts as soon as the stop begins. */
  get stopping(): AbortSignal {
    return this.#stop.signal;
  }

  /** Aborts when something failed without which the process is of no use; the reason says what. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Asks whoever runs the process to stop everything and to end it as failed. Only the first reason counts. */
  fail(reason: string): void {
    this.#failed.abort(new Error(reason));
  }

  /** Starts something and remembers how to stop it. Rejects with what `start` threw, or when the stop has begun. */
  async step<T>({ name, start, stop, stopWithinMs = stepLimitMs }: LifecycleStep<T>): Promise<T> {
    this.stopping.throwIfAborted();
    const began = performance.now();
    const starting = (async () => {
      const started = await start(this.stopping);
      if (stop) this.#undo.push({ name, withinMs: stopWithinMs, run: () => stop(started) });
      return started;
    })();
    this.#starting.add(starting);
    try {
      const started = await starting;
      this.stopping.throwIfAborted();
      this.#log.debug({ step: name, tookMs: Math.round(performance.now() - began) }, 'started');
      return started;
    } finally {
      this.#starting.delete(starting);
    }
  }

  /** Stops everything, last started first. True when every step ended well and in time; the same answer to all callers. */
  stop(): Promise<boolean> {
    this.#stopped ??= this.#unwind();
    return this.#stopped;
  }

  async #unwind(): Promise<boolean> {
    const deadline = performance.now() + this.#gracefulMs;
    this.#stop.abort(new Error('stopping'));
    let clean = await this.#end({
      name: 'starting steps',
      withinMs: stepLimitMs,
      run: () => Promise.allSettled(this.#starting).then(() => {}),
    });
    for (let step = this.#undo.pop(); step; step = this.#undo.pop()) {
      const left = Math.max(leastMs, deadline - performance.now());
      clean = (await this.#end({ ...step, withinMs: Math.min(step.withinMs, left) })) && clean;
    }
    return clean;
  }

  async #end({ name, withinMs, run }: Undo): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(resolve, withinMs, 'late');
    });
    try {
      const outcome = await Promise.race([(async () => run())(), late]);
      if (outcome !== 'late') return true;
      this.#log.error({ step: name, withinMs: Math.round(withinMs) }, 'did not stop in time');
    } catch (error) {
      this.#log.error({ step: name, err: error }, 'failed to stop');
    } finally {
      clearTimeout(timer);
    }
    return false;
  }
}
