import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import {
  type CommandSigner,
  type ConfigRejected,
  type ConfigRequest,
  type Configuration,
  configAppend,
  configTable,
  type Event,
  type EventLog,
  type Origin,
  type Positions,
  positionKey,
} from '@tocsin/core';
import { diffConfiguration } from './configuration-diff.ts';
import type { CheckSinkConfig } from './cross-checks.ts';
import { type Problem, RulesFileError } from './problem.ts';
import { parseRulesFile } from './rules-file.ts';

export interface RulesFileSource {
  readonly log: EventLog;
  readonly signer: CommandSigner;
  readonly path: string;
  readonly checkSinkConfig: CheckSinkConfig;
  /** The processors must run meanwhile; without an answer within this time it fails. */
  readonly withinMs?: number;
  readonly signal?: AbortSignal;
}
/** What loading the file changed. */
export interface AppliedRules {
  readonly created: number;
  readonly modified: number;
  readonly deleted: number;
  readonly unchanged: number;
}

/**
 * Makes the configuration what the file says, by commands through the log: each change is an event with its history in the
 * audit log. Resolves when all are answered; a file that says what already is writes nothing. Throws `RulesFileError` for a
 * file with mistakes (nothing is applied then), and for commands that were refused after all.
 */
export async function applyRulesFile(source: RulesFileSource): Promise<AppliedRules> {
  const { log, path, checkSinkConfig } = source;
  const file = parseRulesFile(await textOf(path), checkSinkConfig);
  if (!file.ok) throw new RulesFileError(path, file.problems);
  const { configuration, next } = await currentConfiguration(log, signalOf(source));
  const requests = diffConfiguration(configuration, file.objects);
  const answers = requests.length > 0 ? await carryOut(requests, source, next) : [];
  const count = (type: string) => answers.filter((answer) => answer.type === type).length;
  return {
    created: count('config.created'),
    modified: count('config.modified'),
    deleted: count('config.deleted'),
    unchanged: file.objects.length - requests.filter(({ type }) => type === 'config.put').length,
  };
}

const maxBytes = 1024 * 1024;
const wholeFile = (message: string): Problem => ({ line: 1, column: 1, path: '', message });

async function textOf(path: string): Promise<string> {
  const text = await readFile(path).catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new RulesFileError(path, [wholeFile(`cannot be read (${code})`)]);
  });
  if (text.length > maxBytes) throw new RulesFileError(path, [wholeFile('is larger than 1 MiB')]);
  return text.toString('utf8');
}

async function currentConfiguration(
  log: EventLog,
  signal: AbortSignal,
): Promise<{ readonly configuration: Configuration; readonly next: Positions }> {
  let configuration = configTable.initial;
  let offset = 0;
  for await (const batch of log.read({ topics: ['config'], from: 'start', follow: false, signal }))
    for (const record of batch) {
      configuration = configTable.apply(configuration, record);
      offset = record.offset + 1;
    }
  return { configuration, next: { [positionKey('config', 0)]: offset } };
}

/** Sends the commands in one go and collects their answers. */
async function carryOut(
  requests: readonly ConfigRequest[],
  source: RulesFileSource,
  from: Positions,
): Promise<readonly Event[]> {
  const { log, path, signer } = source;
  const commands = requests.map((request) => configAppend(request, { by: originOf(path), signer }));
  const open = new Set(commands.map(({ value }) => value.by.commandId));
  const places = new Set((await log.append(commands)).map(({ offset }) => offset));
  const answers: Event[] = [];
  const signal = signalOf(source);
  for await (const batch of log.read({ topics: ['config'], from, follow: true, signal })) {
    for (const { value } of batch) {
      const event = value as Event;
      if (open.delete(answeredBy(event, places) ?? '')) answers.push(event);
    }
    if (open.size === 0) return accepted(path, answers);
  }
  throw new Error(
    `${open.size} of ${commands.length} configuration commands got no answer: does the control processor run?`,
  );
}

/** The command id that an event answers. A refusal that believes nobody answers ours only if it comes from where ours are. */
function answeredBy({ by, cause, data }: Event, places: ReadonlySet<number>): string | undefined {
  if (by) return by.commandId;
  return cause && places.has(cause.offset) ? (data as Partial<ConfigRejected['data']>).claimed?.commandId : undefined;
}

function accepted(path: string, answers: readonly Event[]): readonly Event[] {
  const refused = answers.filter(({ type }) => type === 'config.rejected');
  if (refused.length === 0) return answers;
  const problems = refused.map(({ data }) => {
    const { kind, name, code, message } = data as { kind: string; name: string; code: string; message: string };
    return wholeFile(`${kind.replace('_', ' ')} ${name} was refused (${code}): ${message}`);
  });
  throw new RulesFileError(path, problems);
}

const originOf = (path: string): Origin => ({
  commandId: randomUUID(),
  actor: { type: 'SYSTEM', id: 'rules-file', name: basename(path).slice(0, 256) },
  authMethod: 'SYSTEM',
  acceptedAt: Date.now(),
});

const signalOf = ({ signal, withinMs = 30_000 }: RulesFileSource): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(withinMs), ...(signal ? [signal] : [])]);
