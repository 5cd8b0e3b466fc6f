import { isJsonObject, type Json, type Severity } from '@tocsin/core';
import { print } from '../output.ts';
import { heading, table } from './page.ts';
import { severityColours } from './paint.ts';
import type { Received } from './receiver.ts';
import { isolationReason } from './rules-file.ts';
import type { Scene } from './scene.ts';
import { outcome } from './story.ts';
import { until } from './until.ts';

const expected = outcome.told + outcome.workflowRuns;

/** What the far end got, as the far end saw it. */
export async function receiverHeard({ receiver, checks }: Scene): Promise<void> {
  const received = await until(
    () => receiver.received,
    ({ length }) => length >= expected,
  );
  const [runs, messages] = [received.filter(isRun), received.filter((each) => !isRun(each))];
  heading(`The receiver got ${messages.length} messages, and ${runs.length} workflow was started`);
  table(['KIND', 'SEVERITY', 'SIGNED', 'TITLE'], received.map(rowOf));
  for (const { body } of runs) print(`inputs of the workflow: ${JSON.stringify(at(body as Json, 'inputs'))}`);
  judge(received, checks);
}

const isRun = ({ path }: Received): boolean => path.startsWith('/workflows/');

function judge(received: readonly Received[], checks: Scene['checks']): void {
  const opened = received.filter((each) => kindOf(each) === 'signal.opened');
  checks.same('the receiver hears of every serious signal, and of no other', opened.length, outcome.told);
  const risen = opened.filter(({ body }) => String(at(body as Json, 'data', 'summary')).startsWith('Severity rose'));
  checks.same('a signal that becomes serious later is told when it does', risen.length, outcome.risen);
  const inputs = received.filter(isRun).map(({ body }) => at(body as Json, 'inputs', 'reason'));
  checks.same('the workflow is started once, with the input of the rule', inputs, [isolationReason]);
  const unsigned = received.filter(({ signed }) => !signed);
  checks.same('every message bears a valid signature', unsigned, []);
  checks.same('no message comes twice', new Set(received.map(({ id }) => id)).size, received.length);
}

const kindOf = (received: Received): string =>
  isRun(received) ? 'workflow run' : String(at(received.body as Json, 'type'));

function rowOf(received: Received) {
  const about = isRun(received)
    ? at(received.body as Json, 'source', 'securitySignal')
    : at(received.body as Json, 'data');
  const severity = String(at(about, 'severity')) as Severity;
  return [
    kindOf(received),
    { text: severity, colour: severityColours[severity] },
    received.signed ? 'yes' : 'NO',
    String(at(about, 'title')),
  ];
}

const at = (value: Json | undefined, ...path: readonly string[]): Json | undefined =>
  path.reduce<Json | undefined>((inner, key) => (isJsonObject(inner) ? inner[key] : undefined), value);
