import { describe, it } from 'vitest';

/** What an adapter may be unable to do; then it says why, and the cases that need it are skipped with that reason. */
export type Capability = true | { readonly reason: string };

/** One behaviour that every adapter of a port must have. A case is a value, so that planted faults can be run through it too. */
export interface Case<H, C extends string = never> {
  readonly name: string;
  readonly needs?: C;
  /** Rejects when the behaviour is not there. */
  check(harness: H): Promise<void>;
}

interface Capable<C extends string> {
  readonly name: string;
  readonly capabilities: Readonly<Record<C, Capability>>;
}

/** Declares the cases of one port for one adapter. */
export function suiteOf<C extends string, H extends Capable<C>>(
  port: string,
  harness: H,
  cases: readonly Case<H, C>[],
): void {
  describe(`${port}: ${harness.name}`, () => {
    for (const { name, needs, check } of cases) {
      const capability = needs === undefined ? true : harness.capabilities[needs];
      if (capability === true) it(name, () => check(harness), 60_000);
      else it.skip(`${name} (${capability.reason})`);
    }
  });
}
