import { setTimeout as pause } from 'node:timers/promises';
import type { Runnable } from './background.ts';
import type { ReadinessCheck } from './health.ts';

export interface ProbeParts {
  /** What is asked, as in `kafka`. */
  readonly name: string;
  /** Rejects while it is away; the message is one line without secrets. */
  readonly ask: () => Promise<unknown>;
  /** Told when it goes away and, again, every 30 s; undefined when it is back. */
  readonly onChange?: (trouble: string | undefined) => void;
  /** @default 5_000 */
  readonly everyMs?: number;
}

const answerWithinMs = 10_000;
const repeatEveryMs = 30_000;

/** Asks a dependency now and then, for `/readyz`: it is not ready until the first answer. */
export class Probe implements Runnable {
  readonly name: string;
  readonly #parts: ProbeParts;
  #trouble: string | undefined = 'not reached yet';
  #told = Number.NEGATIVE_INFINITY;

  constructor(parts: ProbeParts) {
    this.name = `probe of ${parts.name}`;
    this.#parts = parts;
  }

  readonly check: ReadinessCheck = () => this.#trouble;

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#is(await this.#asked());
      await pause(this.#parts.everyMs ?? 5_000, undefined, { signal, ref: false }).catch(() => {});
    }
  }

  async #asked(): Promise<string | undefined> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<string>((resolve) => {
      timer = setTimeout(resolve, answerWithinMs, `no answer within ${answerWithinMs} ms`);
    });
    const answer = this.#parts.ask().then(
      () => undefined,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    const trouble = await Promise.race([answer, late]);
    clearTimeout(timer);
    return trouble;
  }

  #is(trouble: string | undefined): void {
    const now = performance.now();
    const known = (trouble === undefined) === (this.#trouble === undefined);
    this.#trouble = trouble;
    if (known && (trouble === undefined || now - this.#told < repeatEveryMs)) return;
    this.#told = now;
    this.#parts.onChange?.(trouble);
  }
}
