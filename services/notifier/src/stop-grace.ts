import type { Duration } from '@tocsin/core';

/** Lets work that is under way end for some time after a stop, and then no longer waits for it. */
export class StopGrace {
  readonly #waiting = new Set<() => void>();
  readonly #timer: { handle?: NodeJS.Timeout } = {};

  constructor(signal: AbortSignal, graceMs: Duration) {
    const begin = () => {
      this.#timer.handle = setTimeout(() => this.#cut(), graceMs);
    };
    if (signal.aborted) begin();
    else signal.addEventListener('abort', begin, { once: true });
  }

  /** The work's result; undefined when it had not ended in time. */
  within<T>(work: Promise<T>): Promise<T | undefined> {
    return new Promise<T | undefined>((resolve, reject) => {
      const giveUp = () => resolve(undefined);
      this.#waiting.add(giveUp);
      work.then(resolve, reject).finally(() => this.#waiting.delete(giveUp));
    });
  }

  /** Nothing is under way any more. */
  end(): void {
    clearTimeout(this.#timer.handle);
  }

  #cut(): void {
    for (const giveUp of this.#waiting) giveUp();
  }
}
