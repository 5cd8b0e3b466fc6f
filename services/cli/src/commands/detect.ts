import type { Json, JsonObject } from '@tocsin/core';
import { detectors } from '@tocsin/detectors';
import type { Command } from 'commander';
import type { ApiClient } from '../client.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type ClientFlags, clientOf, withClient } from '../invocation.ts';
import { print, printOne, visible } from '../output.ts';
import { type Sent, send, type Taken } from '../sending.ts';
import type { ShownAudit, ShownSignal } from '../shapes.ts';
import { timelineOf } from './signals.ts';
import { listed } from './signals-list.ts';

const waitMs = 15_000;

/** `tocsin detect send`: publish detections, as a file or from a pipe. */
export function detectCommands(program: Command): void {
  const known = detectors.map(({ format, title }) => `  ${format.padEnd(14)}${title}`).join('\n');
  withClient(program.command('detect').description('publish detections').command('send'))
    .description('send a JSON object, an array of objects, or one object a line; a pipe is sent as it comes')
    .argument('[file]', 'a file, or - for the standard input', '-')
    .requiredOption('--format <format>', 'detection format, or auto to guess it from the first line')
    .option('--wait', 'wait for the signals and deliveries that come of it, and print them')
    .addHelpText(
      'after',
      `\nFormats:\n${known}\n\nExamples:\n  tocsin detect send --format suricata /var/log/suricata/eve.json\n  tail -F /var/log/suricata/eve.json | tocsin detect send --format suricata`,
    )
    .action(async (file: string, { format, wait = false, output, ...flags }: SendFlags) => {
      const client = await clientOf({ ...flags, output });
      const taken = await send(client, { file, format, ids: wait });
      const became = wait ? await outcomesOf(client, taken.detections) : undefined;
      if (output === 'table') tellPeople(taken, became);
      else printOne({ ...countsOf(taken), ...(became && { signals: became as unknown as Json }) }, output);
      if (taken.rejected.length > 0) endWithRejections(taken);
    });
}

interface SendFlags extends ClientFlags {
  readonly format: string;
  readonly wait?: boolean;
}

/** As the API answers. */
const countsOf = ({ accepted, skipped, skippedBy, rejected }: Taken): JsonObject => ({
  accepted,
  skipped,
  ...(skipped > 0 && { skipped_by: Object.fromEntries(skippedBy) }),
  rejected: rejected as unknown as Json,
});

interface Became {
  readonly signal: ShownSignal;
  readonly deliveries: readonly ShownAudit[];
}

/** The signals of these detections, once every delivery about them has been tried. */
async function outcomesOf(client: ApiClient, sent: readonly Sent[]): Promise<readonly Became[]> {
  const wanted = new Map(sent.map((one) => [keyOf(one.rule_id, one.group_by), one]));
  const found = new Map<string, ShownSignal>();
  for (const ruleId of new Set(sent.map((one) => one.rule_id)))
    for (const signal of await listed(client, { query: `@workflow.rule.id:"${ruleId}"`, limit: 1000 })) {
      const key = keyOf(ruleId, signal.attributes.custom.groupByValues);
      if (wanted.has(key) && !found.has(key)) found.set(key, signal);
    }
  const until = Date.now() + waitMs;
  const became: Became[] = [];
  for (const signal of found.values()) became.push({ signal, deliveries: await settled(client, signal.id, until) });
  return became;
}

const keyOf = (ruleId: string, group: Sent['group_by']): string =>
  JSON.stringify([ruleId, group.map(({ path, value }) => [path, value])]);

async function settled(client: ApiClient, id: string, until: number): Promise<readonly ShownAudit[]> {
  for (;;) {
    const deliveries = (await timelineOf(client, id)).filter(
      ({ attributes }) => attributes.attributes.asset.type === 'delivery',
    );
    const requested = deliveries.filter(({ attributes }) => attributes.attributes.action === 'created').length;
    if (deliveries.length >= 2 * requested || Date.now() > until) return deliveries;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

function tellPeople(taken: Taken, became: readonly Became[] | undefined): void {
  print(`accepted ${taken.accepted}, skipped ${taken.skipped}, rejected ${taken.rejected.length}`);
  for (const [what, count] of taken.skippedBy) print(`  skipped ${count} × ${visible(what)}`);
  for (const { line, code, message } of taken.rejected) print(`  line ${line}: ${code}: ${visible(message)}`);
  for (const { signal, deliveries } of became ?? []) {
    const { custom } = signal.attributes;
    print(
      `signal ${signal.id}  ${custom.status}  ${countOf(custom.workflow.events_matched)}  ${visible(custom.title)}`,
    );
    for (const { attributes } of deliveries) print(`  ${attributes.timestamp}  ${visible(attributes.message)}`);
  }
}

const countOf = (detections: number): string => `${detections} ${detections === 1 ? 'detection' : 'detections'}`;

function endWithRejections({ accepted, skipped, rejected }: Taken): never {
  const code = accepted + skipped > 0 ? exitCodes.partial : exitCodes.failed;
  throw new Failure(code, `${rejected.length} could not be read; they are kept: tocsin deadletters list`);
}
