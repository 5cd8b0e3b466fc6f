import type { Health } from './health.ts';
import type { Lifecycle } from './lifecycle.ts';
import type { Logger } from './logger.ts';

export interface BackgroundParts {
  readonly lifecycle: Lifecycle;
  readonly health: Health;
  readonly logger: Logger;
}

/** Something that runs until its signal aborts. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/**
 * Starts something that runs until the stop, as a step of the lifecycle. When it ends with an error, the process is no longer
 * live and is stopped: only a new one helps.
 */
export async function inBackground({ lifecycle, health, logger }: BackgroundParts, runnable: Runnable): Promise<void> {
  const { name } = runnable;
  const end = new AbortController();
  let failure: string | undefined;
  health.check(name, () => failure);
  const start = () =>
    runnable.run(end.signal).catch((err: unknown) => {
      failure = err instanceof Error ? err.message : String(err);
      health.fatal(`${name}: ${failure}`);
      logger.fatal({ err }, `${name} stopped`);
      lifecycle.fail(`${name}: ${failure}`);
    });
  await lifecycle.step({
    name,
    start: () => ({ running: start() }),
    stop: async ({ running }) => {
      end.abort();
      await running;
    },
  });
}
