import { newest } from '../commands/audit-tail.ts';
import { timelineOf } from '../commands/signals.ts';
import { type Status, tellPeople } from '../commands/status.ts';
import { exitCodes } from '../failure.ts';
import type { ShownAudit, ShownSignal } from '../shapes.ts';
import { signalTitled } from './detections-arrive.ts';
import { heading, table } from './page.ts';
import type { Scene } from './scene.ts';
import { cast, outcome } from './story.ts';
import { until } from './until.ts';

/** Everything that happened to one signal. */
export async function timelineShows({ client, checks }: Scene, signals: readonly ShownSignal[]): Promise<void> {
  const signal = signalTitled(signals, cast.dropper);
  const timeline = await timelineOf(client, signal.id);
  heading(`The story of "${signal.attributes.custom.title}"`, `signals get ${signal.id} --timeline`);
  table(
    ['TIME', 'WHO', 'WHAT'],
    timeline.map(({ attributes }) => [clock(attributes.timestamp), who(attributes), attributes.message]),
  );
  checks.that(
    'the timeline holds the refused edit, too',
    timeline.some(({ attributes }) => attributes.message.includes('version_conflict')),
    timeline.map(({ attributes }) => attributes.message),
  );
}

const tailLength = 8;

/** The newest records of the audit log. */
export async function auditShows({ client, checks }: Scene): Promise<void> {
  const records = await newest(client, tailLength);
  heading('The newest audit records', `audit tail -n ${tailLength}`);
  table(
    ['SEQ', 'TIME', 'WHO', 'ACTION', 'WHAT'],
    records.map(({ seq, attributes }) => [
      String(seq),
      clock(attributes.timestamp),
      who(attributes),
      attributes.attributes.action,
      attributes.message,
    ]),
  );
  const actions = records.map(({ attributes }) => attributes.attributes.action);
  checks.that(
    'the audit log holds what was done, what was refused, and who read it',
    ['modified', 'refused', 'accessed'].every((action) => actions.includes(action)),
    actions,
  );
}

const clock = (timestamp: string): string => timestamp.slice(11, 23);
const who = ({ attributes }: ShownAudit['attributes']): string => attributes.usr?.name ?? 'tocsin';

/** The two questions to an audit log: is it whole, and does it tell everything? */
export async function recordHolds({ shell, checks }: Scene): Promise<void> {
  heading('Is the record whole, and does it tell everything?');
  checks.same('the audit log verifies', await shell.run('audit', 'verify'), exitCodes.ok);
  checks.same(
    'every signal can be rebuilt from the audit log alone',
    await shell.run('audit', 'replay', '--diff'),
    exitCodes.ok,
  );
}

/** Nothing acknowledged disappears: every line is in one of the columns. */
export async function balanceHolds({ client, checks }: Scene): Promise<void> {
  const status = await until(
    () => statusOf(client),
    ({ balance, deliveries }) => balance.holds && deliveries.waiting === 0 && deliveries.running === 0,
  );
  heading('Where is everything?', 'status');
  tellPeople(client.url, status);
  const { balance } = status;
  checks.same(
    'the balance holds to the last line',
    {
      accepted: balance.accepted,
      duplicates: balance.duplicates,
      dead_letters: balance.dead_letters,
      in_signals: balance.in_signals,
      unaccounted: balance.unaccounted,
    },
    {
      accepted: outcome.accepted,
      duplicates: outcome.duplicates,
      dead_letters: outcome.deadLetters,
      in_signals: outcome.inSignals,
      unaccounted: 0,
    },
  );
}

const statusOf = async (client: Scene['client']): Promise<Status> =>
  ((await client.json('/api/v2/status')) as unknown as { readonly data: { readonly attributes: Status } }).data
    .attributes;
