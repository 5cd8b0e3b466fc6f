const tickMs = 10;

/** Measures how late timers fire. One owner starts and stops it; it does not keep the process alive. */
export class EventLoopWatch {
  readonly #listeners: ((delayMs: number) => void)[] = [];
  #timer: NodeJS.Timeout | undefined;
  #lastTick = 0;
  #lastDelayMs = 0;

  /** Every measured delay in milliseconds, about a hundred a second. */
  onDelay(listener: (delayMs: number) => void): void {
    this.#listeners.push(listener);
  }

  start(): this {
    if (this.#timer) return this;
    this.#lastTick = performance.now();
    this.#timer = setInterval(() => this.#tick(), tickMs).unref();
    return this;
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** The delay of the last tick, or of the one that is overdue now. */
  get delayMs(): number {
    const overdue = this.#timer ? performance.now() - this.#lastTick - tickMs : 0;
    return Math.max(this.#lastDelayMs, overdue, 0);
  }

  #tick(): void {
    const now = performance.now();
    this.#lastDelayMs = Math.max(0, now - this.#lastTick - tickMs);
    this.#lastTick = now;
    for (const listener of this.#listeners) listener(this.#lastDelayMs);
  }
}
