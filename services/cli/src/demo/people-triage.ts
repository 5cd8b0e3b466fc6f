import { exitCodes } from '../failure.ts';
import type { ShownSignal } from '../shapes.ts';
import { signalTitled } from './detections-arrive.ts';
import { print } from '../output.ts';
import { heading } from './page.ts';
import { anna } from './rules-file.ts';
import type { Scene } from './scene.ts';
import { cast } from './story.ts';

/** Three edits, and one that is refused because it was made on an old view. */
export async function peopleTriage({ shell, checks }: Scene, signals: readonly ShownSignal[]): Promise<void> {
  heading('People triage');
  const { id: dropper } = signalTitled(signals, cast.dropper);
  const { id: scanner } = signalTitled(signals, cast.ourScanner);
  const { id: exploit } = signalTitled(signals, cast.exploit);
  const set = async (claim: string, expected: number, ...args: readonly string[]): Promise<void> => {
    checks.same(claim, await shell.run('signals', 'set', ...args), expected);
  };
  await set('a signal goes under review and to me', exitCodes.ok, dropper, '--state', 'under_review', '--assign', 'me');
  await set('another one goes to a colleague', exitCodes.ok, exploit, '--assign', anna);
  const reason = ['--reason', 'testing_or_maintenance', '--comment', 'our own scanner'];
  await set('the noise is archived with a reason', exitCodes.ok, scanner, '--state', 'archived', ...reason);
  print('Another window still shows the first one as it was, at version 0. Archiving it from there is refused:');
  const stale = ['--state', 'archived', '--reason', 'false_positive', '--version', '0'];
  await set('an edit made on an old view is refused', exitCodes.conflict, dropper, ...stale);
}
