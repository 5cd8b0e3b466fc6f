import { createLogger, runProcess } from '@tocsin/runtime';
import { exitCodes, Failure } from '../failure.ts';
import { print, tell } from '../output.ts';
import { heading } from './page.ts';
import { play } from './play.ts';
import type { Stage } from './stage.ts';

/** Errors are told, the rest would stand between the lines of the story. */
const logger = createLogger({ service: 'tocsin', level: 'error' });

/** What `tocsin demo` does. Loaded only then. */
export const show = ({ once }: { readonly once?: boolean }): Promise<void> =>
  runProcess({ log: logger }, async (lifecycle) => {
    try {
      const { stage, failed } = await play(lifecycle);
      if (once) return failed === 0 ? exitCodes.ok : exitCodes.failed;
      invite(stage);
      return undefined;
    } catch (error) {
      if (!(error instanceof Failure) || lifecycle.stopping.aborted) throw error;
      tell(error.message);
      return error.exitCode;
    }
  });

function invite({ stack }: Stage): void {
  heading('It is still running. Try, in another terminal:');
  for (const line of [
    `export TOCSIN_DATA=${stack.data}`,
    'npx tocsin signals list "status:(high OR critical)"',
    `echo '{"title": "A door was opened", "severity": "high"}' | npx tocsin detect send --format tocsin --wait`,
    'npx tocsin signals tail',
    'npx tocsin audit tail --follow',
  ])
    print(line);
  print('\nWhat you send in the format tocsin is announced here, too, by the sink "console".');
  print(`Address ${stack.url}, token in ${stack.data}/admin.token. Ctrl-C ends it and removes the directory.`);
}
