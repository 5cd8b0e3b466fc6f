/** Tasks that committed within this time count as busy. */
const busyMs = 250;
/** The broker refuses a transaction for a moment after the one before it. */
const shortestMs = 4;

/**
 * Paces the commits of all tasks of a process: transactions a second are what a small machine runs out of, not records. One
 * task that has been idle commits at once; the more tasks are busy, the longer each of them gathers.
 */
export class Pacer {
  readonly #commitsPerSecond: number;
  readonly #last = new Map<object, number>();

  constructor(commitsPerSecond: number) {
    this.#commitsPerSecond = commitsPerSecond;
  }

  committed(task: object, now = performance.now()): void {
    this.#last.set(task, now);
  }

  forget(task: object): void {
    this.#last.delete(task);
  }

  /** How long a task should still gather, in milliseconds. */
  lingerMs(task: object, now = performance.now()): number {
    const last = this.#last.get(task);
    if (last === undefined) return 0;
    let busy = 0;
    for (const at of this.#last.values()) if (now - at < busyMs) busy += 1;
    return Math.max(0, last + Math.max(shortestMs, (busy * 1_000) / this.#commitsPerSecond) - now);
  }
}
