import type { Instant } from '../time.ts';

/** One attempt to be made. */
export interface Job<D = unknown> {
  /** Delivery id, attempt and lease; adding the same id again while it waits or runs does nothing. */
  readonly id: string;
  /** Jobs of one lane run one after another, in the order of adding. */
  readonly lane: string;
  /** Limits, rates and the breaker are per group: one sink. */
  readonly group: string;
  readonly runAt: Instant;
  readonly data: D;
}

export interface WorkOptions {
  /**
   * At most so many jobs of one group at once; a full group never holds up another. A function is asked before each job; what
   * it says may rise only when a job of the group ends.
   */
  readonly perGroup: number | ((group: string) => number);
  /** At most so many at once in this process. */
  readonly total: number;
  readonly signal: AbortSignal;
}

/**
 * A pool of timers and workers, never the record of what must be done: it may lose everything at any time, and the notifier
 * issues what was not reported again. At least once; a handler that throws ends its job (the lease brings it back).
 */
export interface JobQueue<D> {
  add(jobs: readonly Job<D>[]): Promise<void>;
  /** Resolves when the signal has aborted and running handlers have ended. The slot of a job is free when its handler settles. */
  work(handler: (job: Job<D>, signal: AbortSignal) => Promise<void>, options: WorkOptions): Promise<void>;
  /** Holds a group back until an instant: a breaker, or the far end's Retry-After. */
  pause(group: string, until: Instant): Promise<void>;
  /**
   * Only where the queue is shared with other processes: calls back, until the signal aborts, whenever what waited was lost,
   * so that whoever knows what is still to be done adds it again at once instead of at the end of the leases.
   */
  lost?(listener: () => void, signal: AbortSignal): void;
  counts(): Promise<{ readonly waiting: number; readonly running: number }>;
}
