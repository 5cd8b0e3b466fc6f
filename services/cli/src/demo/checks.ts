import { print, visible } from '../output.ts';
import { painted } from './paint.ts';

/** What the demo claims, each claim tested. */
export class Checks {
  #failed = 0;
  readonly #lines: string[] = [];

  get failed(): number {
    return this.#failed;
  }

  /** `found` is told when the claim does not hold. */
  that(claim: string, holds: boolean, found: unknown): void {
    if (!holds) this.#failed += 1;
    const mark = holds ? painted('green', 'ok  ') : painted('red', 'FAIL');
    this.#lines.push(`${mark}  ${claim}${holds ? '' : `: ${visible(JSON.stringify(found) ?? 'nothing')}`}`);
  }

  same(claim: string, found: unknown, expected: unknown): void {
    const holds = JSON.stringify(found) === JSON.stringify(expected);
    this.that(claim, holds, { found, expected });
  }

  /** Prints every claim. */
  tell(): void {
    for (const line of this.#lines) print(line);
  }
}
