import type { Duration } from '../time.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

export interface BreakerOptions {
  /** So many failures in a row open the breaker of a sink. */
  readonly failures: number;
  /** How long it stays open before one attempt is let through. */
  readonly openMs: Duration;
  /** `first` when it had been closed: later openings find nothing that is worth holding back. */
  opened(sink: string, first: boolean): void;
  changed?(sink: string, state: BreakerState): void;
}

/**
 * One breaker a sink, of one process or shared by all. While it is open, attempts fail at once instead of waiting for a far
 * end that does not answer. Advice, no record: a breaker that forgets everything costs a few attempts.
 */
export interface Breakers<R> {
  /** What the work results in; undefined when the breaker did not let it begin. Rejects only when the work does. */
  run(sink: string, work: () => Promise<R>): Promise<R | undefined>;
}

/** Makes breakers that take a result for a failure when `failed` says so. */
export type BreakersOf = <R>(options: BreakerOptions, failed: (result: R) => boolean) => Breakers<R>;
