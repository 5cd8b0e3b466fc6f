import { archiveReasons, type JsonObject, signalStates, stateMeanings } from '@tocsin/core';
import { type Command, Option } from 'commander';
import { type ExitCode, exitCodes, Failure } from '../failure.ts';
import { type ClientFlags, clientOf, interruption, withClient } from '../invocation.ts';
import { type Column, print, printList, printOne, visible } from '../output.ts';
import type { PageOf, ShownAudit } from '../shapes.ts';
import { follow } from '../sse.ts';
import type { ApiClient } from '../client.ts';
import { wholeNumber } from '../whole-number.ts';
import { countCommand, facetsCommand } from './signals-count.ts';
import { listCommand } from './signals-list.ts';

const base = '/api/v2/security_monitoring/signals';

/** `tocsin signals …`: look at signals and triage them. */
export function signalCommands(program: Command): void {
  const signals = program.command('signals').description('list, count, show, follow and triage signals');
  listCommand(signals);
  facetsCommand(signals);
  countCommand(signals);
  getCommand(signals);
  tailCommand(signals);
  setCommand(signals);
}

function getCommand(signals: Command): void {
  withClient(signals.command('get'))
    .description('show one signal, with --timeline everything that happened to it')
    .argument('<id>')
    .option('--timeline', 'the events about it, oldest first')
    .action(async (id: string, flags: ClientFlags & { timeline?: boolean }) => {
      const client = await clientOf(flags);
      if (flags.timeline) printList(await timelineOf(client, id), flags.output, timelineColumns);
      else printOne((await client.json(`${base}/${encodeURIComponent(id)}`)).data ?? null, flags.output);
    });
}

export const timelineColumns: readonly Column<ShownAudit>[] = [
  ['TIME', ({ attributes }) => attributes.timestamp],
  ['WHO', ({ attributes }) => attributes.attributes.usr?.name ?? ''],
  ['WHAT', ({ attributes }) => attributes.message],
];

export async function timelineOf(client: ApiClient, id: string): Promise<readonly ShownAudit[]> {
  const page = (await client.json(`${base}/${encodeURIComponent(id)}/timeline`, {
    query: { 'page[limit]': '1000' },
  })) as unknown as PageOf<ShownAudit>;
  return page.data;
}

function tailCommand(signals: Command): void {
  withClient(signals.command('tail'))
    .description('follow what happens to signals; takes up a broken connection where it ended')
    .action(async (flags: ClientFlags) => {
      const client = await clientOf(flags);
      for await (const data of follow(client, { path: `${base}/stream`, signal: interruption() })) {
        if (flags.output !== 'table') print(data);
        else {
          const event = JSON.parse(data) as {
            readonly at: number;
            readonly signal_id: string;
            readonly summary: string;
          };
          print(`${new Date(event.at).toISOString()}  ${event.signal_id}  ${visible(event.summary)}`);
        }
      }
    });
}

interface SetFlags extends ClientFlags {
  readonly state?: string;
  readonly reason?: string;
  readonly comment?: string;
  readonly assign?: string;
  readonly unassign?: boolean;
  readonly version?: number;
}

function setCommand(signals: Command): void {
  withClient(signals.command('set'))
    .description('triage one or more signals')
    .argument('<ids...>')
    .addOption(
      new Option(
        '--state <state>',
        signalStates.map((state) => `${state}: ${stateMeanings[state]}`).join('; '),
      ).choices(signalStates),
    )
    .addOption(new Option('--reason <reason>', 'why it is archived').choices(archiveReasons))
    .option('--comment <text>', 'comment on the archiving; alone: a comment on the signal')
    .option('--assign <user>', 'uuid of a user, or me')
    .option('--unassign', 'take the assignment away')
    .option('--version <number>', 'triage version that you saw; refused when it is another by now', wholeNumber)
    .addHelpText(
      'after',
      '\nExamples:\n  tocsin signals set ID --state under_review --assign me\n  tocsin signals set ID --state archived --reason false_positive --comment "known scanner"',
    )
    .action(async (ids: readonly string[], flags: SetFlags) => {
      const change = changeOf(flags);
      const client = await clientOf(flags);
      const outcomes = [];
      for (const id of ids) outcomes.push(await changed(client, id, change));
      printList(outcomes, flags.output, [
        ['ID', ({ id }) => id],
        // The whole sentence goes to the standard error, or with -o json to each item.
        ['OUTCOME', ({ outcome }) => outcome.split(':')[0] ?? ''],
        ['STATE', ({ state }) => state],
        ['VERSION', ({ version }) => version],
      ]);
      endOf(outcomes);
    });
}

interface Change {
  readonly method: 'PATCH' | 'POST';
  readonly path: string;
  readonly attributes: JsonObject;
}

function changeOf({ state, reason, comment, assign, unassign, version }: SetFlags): Change {
  if (assign !== undefined && unassign) throw new Failure(exitCodes.usage, 'Give either --assign or --unassign.');
  const assignee = unassign ? '' : assign;
  if (state === undefined && assignee === undefined) {
    if (comment !== undefined && reason === undefined)
      return { method: 'POST', path: 'comments', attributes: { text: comment } };
    throw new Failure(exitCodes.usage, 'Nothing to do: give --state, --assign, --unassign or --comment.');
  }
  const seen = version !== undefined && { version };
  const stated = state !== undefined && {
    state,
    ...(reason !== undefined && { archive_reason: reason }),
    ...(comment !== undefined && { archive_comment: comment }),
  };
  if (assignee === undefined) return { method: 'PATCH', path: 'state', attributes: { ...stated, ...seen } };
  const assigned = { assignee: { uuid: assignee } };
  if (!stated) return { method: 'PATCH', path: 'assignee', attributes: { ...assigned, ...seen } };
  return { method: 'PATCH', path: 'update', attributes: { ...stated, ...assigned, ...seen } };
}

interface Outcome extends JsonObject {
  readonly id: string;
  readonly outcome: string;
  readonly state: string;
  readonly version: string;
  readonly exit_code: ExitCode;
}

async function changed(client: ApiClient, id: string, { method, path, attributes }: Change): Promise<Outcome> {
  try {
    const { data } = await client.json(`${base}/${encodeURIComponent(id)}/${path}`, {
      method,
      json: { data: { attributes } },
    });
    const after = (data as { readonly attributes: { readonly state?: string; readonly version?: number } }).attributes;
    return {
      id,
      outcome: 'ok',
      state: after.state ?? '',
      version: String(after.version ?? ''),
      exit_code: exitCodes.ok,
    };
  } catch (error) {
    if (!(error instanceof Failure) || error.exitCode === exitCodes.unreachable) throw error;
    return { id, outcome: error.message, state: '', version: '', exit_code: error.exitCode };
  }
}

function endOf(outcomes: readonly Outcome[]): void {
  const refused = outcomes.filter(({ exit_code: code }) => code !== exitCodes.ok);
  const [first] = refused;
  if (!first) return;
  if (refused.length < outcomes.length)
    throw new Failure(
      exitCodes.partial,
      `${refused.length} of ${outcomes.length} were refused.\n${sentencesOf(refused)}`,
    );
  throw new Failure(first.exit_code, sentencesOf(refused));
}

const sentencesOf = (refused: readonly Outcome[]): string =>
  refused.map(({ id, outcome }) => `${id}: ${outcome}`).join('\n');
