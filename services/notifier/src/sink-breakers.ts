import type { BreakerOptions, Breakers, BreakerState } from '@tocsin/core';
import {
  BrokenCircuitError,
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  ConsecutiveBreaker,
  handleWhenResult,
} from 'cockatiel';

/**
 * Breakers of this process. While one is open, attempts fail at once instead of waiting for a far end that does not answer; they move
 * along the ladder as if they had been made.
 */
export class SinkBreakers<R> implements Breakers<R> {
  readonly #options: BreakerOptions;
  readonly #failed: (result: R) => boolean;
  readonly #breakers = new Map<string, CircuitBreakerPolicy>();

  constructor(options: BreakerOptions, failed: (result: R) => boolean) {
    this.#options = options;
    this.#failed = failed;
  }

  /** What the work results in; undefined when the breaker did not let it begin. */
  async run(sink: string, work: () => Promise<R>): Promise<R | undefined> {
    try {
      return await this.#of(sink).execute(work);
    } catch (error) {
      if (error instanceof BrokenCircuitError) return undefined;
      throw error;
    }
  }

  #of(sink: string): CircuitBreakerPolicy {
    const known = this.#breakers.get(sink);
    if (known) return known;
    const { failures, openMs } = this.#options;
    const made = circuitBreaker(
      handleWhenResult((result) => this.#failed(result as R)),
      { halfOpenAfter: openMs, breaker: new ConsecutiveBreaker(failures) },
    );
    this.#breakers.set(sink, made);
    this.#watch(sink, made);
    return made;
  }

  #watch(sink: string, breaker: CircuitBreakerPolicy): void {
    let before = CircuitState.Closed;
    breaker.onStateChange((state) => {
      this.#options.changed?.(sink, names[state]);
      if (state === CircuitState.Open) this.#options.opened(sink, before === CircuitState.Closed);
      before = state;
    });
  }
}

const names: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.Open]: 'open',
  [CircuitState.HalfOpen]: 'half-open',
  [CircuitState.Isolated]: 'open',
};
