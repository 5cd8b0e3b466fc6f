import { Lifecycle, type LifecycleParts } from './lifecycle.ts';

/** Longer than any orderly stop; whoever sent the signal is about to lose patience. */
const hardLimitMs = 25_000;

/**
 * Runs a main. `body` starts its steps and returns; the process then lives until SIGTERM or SIGINT: steps are stopped and the
 * process exits 0 (1 when a step failed to stop). `lifecycle.fail` stops it in the same way and ends it with 1. A second signal or 25 s end it at once with 1, and so does an error nobody
 * handled: after that only a new process can be trusted. A number returned by `body` ends the process with it.
 */
export async function runProcess(
  parts: LifecycleParts,
  body: (lifecycle: Lifecycle) => Promise<number | undefined>,
): Promise<void> {
  const { log } = parts;
  const lifecycle = new Lifecycle(parts);
  let leaving = false;

  const leave = async (code: number): Promise<void> => {
    leaving = true;
    setTimeout(() => {
      log.error('stopping took too long');
      process.exit(1);
    }, hardLimitMs).unref();
    const clean = await lifecycle.stop();
    log.info({ clean }, 'stopped');
    process.exit(clean && !lifecycle.failed.aborted ? code : 1);
  };
  const die = (err: unknown, what: string): never => {
    log.fatal({ err }, what);
    process.exit(1);
  };
  for (const name of ['SIGTERM', 'SIGINT'] as const)
    process.on(name, () => {
      log.info({ signal: name }, leaving ? 'stopping at once' : 'stopping');
      if (leaving) process.exit(1);
      leave(0).catch((error: unknown) => die(error, 'failed to stop'));
    });
  lifecycle.failed.addEventListener('abort', () => {
    log.fatal({ err: lifecycle.failed.reason as unknown }, 'failed');
    if (!leaving) leave(1).catch((error: unknown) => die(error, 'failed to stop'));
  });
  process.on('unhandledRejection', (reason) => die(reason, 'unhandled rejection'));
  process.on('uncaughtException', (error) => die(error, 'uncaught exception'));

  try {
    const code = await body(lifecycle);
    if (typeof code === 'number' && !leaving) await leave(code);
  } catch (error) {
    if (leaving) return;
    log.fatal({ err: error }, 'failed to start');
    await leave(1);
  }
}
