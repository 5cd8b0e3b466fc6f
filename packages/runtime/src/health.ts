import type { EventLoopWatch } from './event-loop-watch.ts';

/** Undefined when ready, else the reason why not, in plain words and without secrets. */
export type ReadinessCheck = () => string | undefined;

export interface Readiness {
  readonly ready: boolean;
  /** `ready`, or the reason why not. */
  readonly checks: Readonly<Record<string, string>>;
}
export interface Liveness {
  readonly live: boolean;
  readonly reasons: readonly string[];
}

/** A loop this late serves nobody; a restart can only help. */
const stalledMs = 10_000;

/**
 * Answers `/readyz` and `/livez`. Ready: every named check says so. Live: the event loop turns and nothing fatal has happened;
 * never the state of a dependency, because a restart does not mend a database.
 */
export class Health {
  readonly #checks = new Map<string, ReadinessCheck>();
  readonly #fatal: string[] = [];
  readonly #loop: EventLoopWatch | undefined;

  constructor(parts: { readonly loop?: EventLoopWatch } = {}) {
    this.#loop = parts.loop;
  }

  /** Adds or replaces a named check; it must be quick and must not wait. */
  check(name: string, check: ReadinessCheck): void {
    this.#checks.set(name, check);
  }

  /** From now on not live: a task that cannot go on without a new process. */
  fatal(reason: string): void {
    this.#fatal.push(reason);
  }

  readiness(): Readiness {
    const outcomes = [...this.#checks].map(([name, check]) => [name, outcomeOf(check)] as const);
    return {
      ready: outcomes.every(([, outcome]) => outcome === undefined),
      checks: Object.fromEntries(outcomes.map(([name, outcome]) => [name, outcome ?? 'ready'])),
    };
  }

  liveness(): Liveness {
    const stalled = (this.#loop?.delayMs ?? 0) > stalledMs ? ['the event loop is stalled'] : [];
    const reasons = [...this.#fatal, ...stalled];
    return { live: reasons.length === 0, reasons };
  }
}

function outcomeOf(check: ReadinessCheck): string | undefined {
  try {
    return check();
  } catch {
    return 'the check itself failed';
  }
}
