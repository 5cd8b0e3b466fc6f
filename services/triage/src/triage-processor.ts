import {
  type Command,
  type CommandCheck,
  type CommandFault,
  type Context,
  commandRejected,
  commandRepeated,
  configTable,
  type Draft,
  type Event,
  idPart,
  murmur2,
  partitionOf,
  type Processor,
  type Recorded,
  type Refusal,
  rememberCommandsMs,
  type SignalIds,
  type Step,
  type StateKey,
  type Triage,
  untriaged,
} from '@tocsin/core';
import { notACommand } from './command-shape.ts';
import { askedOf, decide } from './decide.ts';
import { type FirstOutcome, triageCodec, type TriageEntry } from './triage-entry.ts';

/** What tells genuine signals and commands from others. */
export interface TriageParts {
  readonly signalIds: Pick<SignalIds, 'read'>;
  readonly commands: CommandCheck;
  /** Partition count of the log: a command in another partition than that of its signal is a copy. */
  readonly partitions: number;
}

/**
 * Commands to triage events. Every command gets exactly one event, the answer to it:
 * - changed (`signal.…`), or `command.rejected` with a code;
 * - for a command id that came within the last day (log time): `command.repeated` if it was carried out then, otherwise
 *   `command.rejected` once more with `repeats` naming the first. Nothing is decided anew, and the first event is not
 *   written twice, because an old triage block would take back what others have changed since.
 * `commandOutcomeOf` reads all of these. A command id belongs to its signal: the same id on another signal is another command.
 *
 * What no door of ours has signed, or long ago, is refused before anything else is looked at, and nothing is remembered of it.
 *
 * Reads no detections: the signal id says whether the signal is genuine and how old it is.
 */
export const triageProcessor = (about: TriageParts): Processor<TriageEntry> => ({
  id: 'triage',
  inputs: [{ topic: 'commands', bad: notACommand, onBad: 'dead-letter', urgent: true }],
  outputs: ['triage-events'],
  tables: [configTable],
  state: triageCodec,
  keys: ({ value }) => [signalKey(value as Command), outcomeKey(value as Command)],
  step(states, record, context) {
    const asked: Asked = { command: record.value as Command, record, context };
    const fault = about.commands.faultOf(asked.command, record.recordedAt);
    if (fault) return turnAway(fault, asked);
    const first = states.get(outcomeKey(asked.command));
    if (first?.kind === 'outcome') return repeat(first, asked);
    const signal = states.get(signalKey(asked.command));
    const triage = signal?.kind === 'signal' ? signal.triage : untriaged;
    return carryOut(triage, about, asked);
  },
  wakeAt: (entry) => (entry.kind === 'outcome' ? entry.at + rememberCommandsMs : undefined),
  wake: (key) => ({ puts: new Map([[key, undefined]]), out: [] }),
});

interface Asked {
  readonly command: Command;
  readonly record: Recorded;
  readonly context: Context;
}

const signalKey = ({ org, subject }: Command): StateKey => `signal/${idPart(org)}/${idPart(subject)}`;
const outcomeKey = ({ org, subject, by }: Command): StateKey =>
  `outcome/${idPart(org)}/${idPart(subject)}/${idPart(by.commandId)}`;

function carryOut(triage: Triage, about: TriageParts, asked: Asked): Step<TriageEntry> {
  const { command, context } = asked;
  const { value: configuration, version: configVersion } = context.tables.get(configTable);
  const genuine = about.signalIds.read(command.org, command.subject);
  if (!genuine) return refuse({ ok: false, code: 'signal_not_found', message: 'there is no such signal' }, asked);
  if (partitionOf('commands', genuine.shard, about.partitions) !== context.partition) return turnAway(misplaced, asked);
  const { createdAt } = genuine;
  const decided = decide(command, { triage, createdAt, now: context.now, configuration, configVersion });
  if ('ok' in decided) return refuse(decided, asked, triage);
  const { definition, decision } = decided;
  const edited = decision.triage.version !== triage.version;
  const event = definition.event.make({
    ...aboutOf(asked),
    id: edited ? `${command.subject}-t${decision.triage.version}` : eventId(asked),
    data: decision.data,
  });
  const puts = new Map<StateKey, TriageEntry>([remembered(asked, { eventId: event.id, triage: decision.triage })]);
  if (edited) puts.set(signalKey(command), { kind: 'signal', triage: decision.triage });
  return { puts, out: [draftOf(event)] };
}

function refuse({ code, message }: Refusal, asked: Asked, current?: Triage): Step<TriageEntry> {
  const refusal = { code, message: message.slice(0, 1024), ...askedOf(asked.command) };
  const event = rejection(asked, refusal, current);
  const outcome = { eventId: event.id, refusal, ...(current && { triage: current }) };
  return { puts: new Map([remembered(asked, outcome)]), out: [draftOf(event)] };
}

/** The state of the signal is elsewhere: decided here, the copy would be carried out a second time. */
const misplaced: CommandFault = {
  code: 'misplaced',
  message: 'it stands in a partition that is not of its signal: somebody has copied it there',
  proved: false,
};

/**
 * Leaves no trace in the state: a forged command must not stand in the way of the one whose id it bears. Where the
 * signature does not hold, who is named is a claim, and the record does not accuse them.
 */
function turnAway({ code, message, proved }: CommandFault, asked: Asked): Step<TriageEntry> {
  const { command, context } = asked;
  const data = {
    command: command.type,
    code,
    message,
    ...askedOf(command),
    ...(!proved && { claimed: command.by }),
    configVersion: context.tables.get(configTable).version,
  };
  const { by, ...about } = aboutOf(asked);
  const event = commandRejected.make({ ...about, ...(proved && { by }), id: eventId(asked), data });
  return { puts: new Map(), out: [draftOf(event)] };
}

/** Answers a command id with what became of it the first time. */
function repeat(first: FirstOutcome, asked: Asked): Step<TriageEntry> {
  const { command, context } = asked;
  const { triage, refusal, eventId: earlier } = first;
  if (first.content !== contentOf(command)) {
    const message = `command id ${command.by.commandId} was already used for another command on this signal`;
    const reused = { code: 'invalid_command', message, ...askedOf(command) } as const;
    return { puts: new Map(), out: [draftOf(rejection(asked, reused, triage))] };
  }
  if (refusal) return { puts: new Map(), out: [draftOf(rejection(asked, { ...refusal, repeats: earlier }, triage))] };
  const configVersion = context.tables.get(configTable).version;
  const data = { command: command.type, first: earlier, after: triage ?? untriaged, configVersion };
  const event = commandRepeated.make({ ...aboutOf(asked), id: eventId(asked), data });
  return { puts: new Map(), out: [draftOf(event)] };
}

function rejection(
  asked: Asked,
  refusal: NonNullable<FirstOutcome['refusal']> & { readonly repeats?: string },
  current: Triage | undefined,
): Event {
  const configVersion = asked.context.tables.get(configTable).version;
  const data = { command: asked.command.type, ...refusal, ...(current && { current }), configVersion };
  return commandRejected.make({ ...aboutOf(asked), id: eventId(asked), data });
}

const aboutOf = ({ command: { org, subject, by }, record: { topic, partition, offset }, context }: Asked) => ({
  org,
  subject,
  by,
  at: context.now,
  cause: { topic, partition, offset },
});

/** Of everything but triage edits: the command and its place, so that no two are the same and a replay makes it again. */
const eventId = ({ command, record }: Asked): string =>
  `${idPart(command.by.commandId)}-p${record.partition}-${record.offset}`;

const utf8 = new TextEncoder();
const contentOf = ({ type, data }: Command): number => murmur2(utf8.encode(`${type} ${JSON.stringify(data)}`));

const remembered = (
  { command, context }: Asked,
  outcome: Pick<FirstOutcome, 'eventId' | 'triage' | 'refusal'>,
): [StateKey, FirstOutcome] => [
  outcomeKey(command),
  { kind: 'outcome', at: context.now, content: contentOf(command), ...outcome },
];

const draftOf = (event: Event): Draft => ({ topic: 'triage-events', key: event.subject, value: event });
