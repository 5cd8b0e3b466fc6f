import { readFileSync } from 'node:fs';
import process from 'node:process';
import type { JsonObject } from '@tocsin/core';
import { detectors, guessFormat, readLines } from '@tocsin/detectors';
import type { Command } from 'commander';
import type { ApiClient } from '../client.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type ClientFlags, clientOf, withClient } from '../invocation.ts';
import { print, printOne, tell, visible } from '../output.ts';
import type { ShownAudit, ShownSignal } from '../shapes.ts';
import { listed, timelineOf } from './signals.ts';

interface Accepted {
  readonly accepted: number;
  readonly skipped: number;
  readonly skipped_by?: Readonly<Record<string, number>>;
  readonly rejected: readonly { readonly line: number; readonly code: string; readonly message: string }[];
  readonly detections?: readonly Sent[];
}
interface Sent {
  readonly id: string;
  readonly rule_id: string;
  readonly group_by: readonly { readonly path: string; readonly value: string }[];
}

const waitMs = 15_000;

/** `tocsin detect send`: publish detections, as a file or from a pipe. */
export function detectCommands(program: Command): void {
  const known = detectors.map(({ format, title }) => `  ${format.padEnd(14)}${title}`).join('\n');
  withClient(program.command('detect').description('publish detections').command('send'))
    .description('send a JSON object, an array of objects, or one object a line')
    .argument('[file]', 'a file, or - for the standard input', '-')
    .requiredOption('--format <format>', 'detection format, or auto to guess it from the first line')
    .option('--wait', 'wait for the signals and deliveries that come of it, and print them')
    .addHelpText(
      'after',
      `\nFormats:\n${known}\n\nExamples:\n  tocsin detect send --format suricata /var/log/suricata/eve.json\n  falco -o json_output=true | tocsin detect send --format falco -`,
    )
    .action(async (file: string, flags: ClientFlags & { format: string; wait?: boolean }) => {
      const body = read(file);
      const format = flags.format === 'auto' ? guessed(body) : flags.format;
      const client = await clientOf(flags);
      const answer = await client.json(`/api/v2/detections/${encodeURIComponent(format)}`, {
        method: 'POST',
        body: new Uint8Array(body),
        headers: { 'content-type': 'application/x-ndjson' },
        query: { ids: flags.wait ? '1' : undefined },
        also: [400],
      });
      const taken = answer as unknown as Accepted;
      if (taken.accepted === undefined) throw new Failure(exitCodes.usage, detailOf(answer));
      const { detections = [], ...counts } = taken;
      const became = flags.wait ? await outcomesOf(client, detections) : undefined;
      if (flags.output === 'table') tellPeople(counts, became);
      else printOne({ ...counts, ...(became && { signals: became }) } as unknown as JsonObject, flags.output);
      if (taken.rejected.length > 0) endWithRejections(taken);
    });
}

function read(file: string): Buffer {
  if (file === '-' && process.stdin.isTTY) tell('Reading from the terminal; end with Ctrl-D.');
  try {
    return readFileSync(file === '-' ? 0 : file);
  } catch (error) {
    throw new Failure(
      exitCodes.notFound,
      `Cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function guessed(body: Buffer): string {
  for (const entry of readLines(body)) {
    const format = entry.kind === 'value' ? guessFormat(entry.value) : undefined;
    if (format !== undefined) return format;
  }
  throw new Failure(
    exitCodes.usage,
    `Cannot tell the format. Name it with --format: ${detectors.map((detector) => detector.format).join(', ')}`,
  );
}

const detailOf = (answer: JsonObject): string => {
  const [first] = (answer.errors ?? []) as unknown as readonly { readonly detail?: string }[];
  return first?.detail ?? 'Nothing was accepted.';
};

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

function tellPeople(taken: Omit<Accepted, 'detections'>, became: readonly Became[] | undefined): void {
  print(`accepted ${taken.accepted}, skipped ${taken.skipped}, rejected ${taken.rejected.length}`);
  for (const [what, count] of Object.entries(taken.skipped_by ?? {})) print(`  skipped ${count} × ${visible(what)}`);
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

function endWithRejections({ accepted, skipped, rejected }: Accepted): never {
  const code = accepted + skipped > 0 ? exitCodes.partial : exitCodes.failed;
  throw new Failure(code, `${rejected.length} could not be read; they are kept: tocsin deadletters list`);
}
