import { archiveReasons, type JsonObject, signalStates, stateMeanings } from '@tocsin/core';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type ExitCode, exitCodes, Failure } from '../failure.ts';
import { type ClientFlags, clientOf, interruption, withClient } from '../invocation.ts';
import { type Column, print, printList, printOne, tell, visible } from '../output.ts';
import type { PageOf, ShownAudit, ShownSignal } from '../shapes.ts';
import { follow } from '../sse.ts';
import type { ApiClient } from '../client.ts';

const base = '/api/v2/security_monitoring/signals';

const columns: readonly Column<ShownSignal>[] = [
  ['ID', ({ id }) => id],
  ['SEVERITY', ({ attributes }) => attributes.custom.status],
  ['STATE', ({ attributes }) => attributes.custom.workflow.triage.state],
  ['COUNT', ({ attributes }) => String(attributes.custom.workflow.events_matched)],
  ['CREATED', ({ attributes }) => attributes.timestamp],
  ['ASSIGNEE', ({ attributes }) => attributes.custom.workflow.triage.assignee.name],
  ['TITLE', ({ attributes }) => attributes.custom.title],
];

/** `tocsin signals …`: look at signals and triage them. */
export function signalCommands(program: Command): void {
  const signals = program.command('signals').description('list, show, follow and triage signals');
  listCommand(signals);
  getCommand(signals);
  tailCommand(signals);
  setCommand(signals);
}

const wholeNumber = (text: string): number => {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('give a whole number');
  return Number(text);
};

function listCommand(signals: Command): void {
  withClient(signals.command('list'))
    .description('list signals, newest first')
    .argument('[query]', 'for example: status:(high OR critical) @workflow.triage.state:open env:prod')
    .option('--since <time>', 'created since, as 1h, 7d or a date')
    .option('-n, --limit <count>', 'at most so many', wholeNumber, 50)
    .option('-q, --quiet', 'print ids only')
    .addHelpText(
      'after',
      '\nExamples:\n  tocsin signals list\n  tocsin signals list "status:critical @workflow.triage.state:open" --since 24h\n  tocsin signals set $(tocsin signals list -q "source:suricata") --state archived --reason testing_or_maintenance',
    )
    .action(
      async (query: string | undefined, flags: ClientFlags & { since?: string; limit: number; quiet?: boolean }) => {
        const client = await clientOf(flags);
        const found = await listed(client, { query, since: flags.since, limit: flags.limit });
        if (flags.quiet) for (const { id } of found) print(id);
        else printList(found, flags.output, columns);
        if (found.length === 0 && flags.output === 'table')
          tell('No signals. Send a detection: tocsin detect send --format falco FILE');
      },
    );
}

interface Listing {
  readonly query?: string | undefined;
  readonly since?: string | undefined;
  readonly limit: number;
}

/** Reads pages until there are so many, or no more. */
export async function listed(client: ApiClient, about: Listing): Promise<readonly ShownSignal[]> {
  return (await pagesOf(client, about)).flatMap(({ data }) => data);
}

export async function pagesOf(
  client: ApiClient,
  { query, since, limit }: Listing,
): Promise<readonly PageOf<ShownSignal>[]> {
  const pages: PageOf<ShownSignal>[] = [];
  let left = limit;
  let cursor: string | undefined;
  do {
    const page = (await client.json(base, {
      query: {
        'filter[query]': query,
        'filter[from]': since && sinceOf(since),
        'page[limit]': String(Math.min(1000, left)),
        'page[cursor]': cursor,
      },
    })) as unknown as PageOf<ShownSignal>;
    pages.push(page);
    left -= page.data.length;
    cursor = page.meta?.page?.after;
  } while (cursor !== undefined && left > 0);
  return pages;
}

const sinceOf = (text: string): string => (/^\d+[smhdw]$/.test(text) ? `now-${text}` : text);

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
