import process from 'node:process';
import { ConfigurationError } from '@tocsin/runtime';
import { CommanderError } from 'commander';
import { exitCodes, Failure } from './failure.ts';
import { tell } from './output.ts';
import { programOf } from './program.ts';

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

try {
  await programOf().parseAsync(process.argv);
} catch (error) {
  process.exitCode = endOf(error);
}

function endOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage;
  if (error instanceof Failure) {
    tell(error.message);
    return error.exitCode;
  }
  if (error instanceof ConfigurationError) {
    for (const problem of error.problems) tell(problem);
    return exitCodes.usage;
  }
  if (process.exitCode === 130) return 130;
  tell(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return exitCodes.failed;
}
