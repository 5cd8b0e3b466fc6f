import {
  type CommandCheck,
  type CommandFault,
  canonical,
  type ConfigCommand,
  type Context,
  configConfirmed,
  configCreated,
  configDeleted,
  configModified,
  configRejected,
  type Draft,
  type Event,
  idPart,
  notAConfigCommand,
  type Processor,
  type Recorded,
  rememberCommandsMs,
  type StateKey,
  type Step,
} from '@tocsin/core';
import {
  type ControlEntry,
  controlCodec,
  type FirstOutcome,
  type HeldObject,
  type IndexLine,
} from './control-entry.ts';
import { type Judgement, judge, targetKey } from './judge.ts';

/**
 * Configuration commands to configuration events, in one total order, so that unique names need no coordination. Every
 * command gets exactly one event, the answer to it: `config.created`, `modified` or `deleted`; `config.rejected` with a
 * code; `config.confirmed` for a put of what already is so, and for a command id that was carried out within the last day
 * (a refused one is refused again, with `repeats`).
 *
 * What no door of ours has signed, or long ago, is refused before anything else is looked at, and nothing is remembered of it.
 */
export const controlProcessor = (about: { readonly commands: CommandCheck }): Processor<ControlEntry> => ({
  id: 'control',
  inputs: [{ topic: 'config-commands', bad: notAConfigCommand, onBad: 'dead-letter', urgent: true }],
  outputs: ['config'],
  state: controlCodec,
  keys: ({ value }) => keysOf(value as ConfigCommand),
  step(states, record, context) {
    const fault = about.commands.faultOf(record.value as ConfigCommand, record.recordedAt);
    const step = new ControlStep(states, record, context);
    return fault ? step.turnAway(fault) : step.take();
  },
  wakeAt: (entry) => (entry.kind === 'outcome' ? entry.at + rememberCommandsMs : undefined),
  wake: (key) => ({ puts: new Map([[key, undefined]]), out: [] }),
});

const indexKey: StateKey = 'index';
const objectKey = (kindAndId: string): StateKey => `object/${kindAndId}`;
const outcomeKey = ({ by }: ConfigCommand): StateKey => `outcome/${idPart(by.commandId)}`;

/** The object, everything that it targets, the index of names and targets, and what is remembered of the command id. */
function keysOf(command: ConfigCommand): readonly StateKey[] {
  const { kind, id } = command.data;
  const written = command.type === 'config.put' && kind === 'notification_rule' ? command.data.value.targets : [];
  const targets = Array.isArray(written) ? (written as readonly unknown[]) : [];
  const keys = targets.flatMap((text) => (typeof text === 'string' ? (targetKey(text) ?? []) : []));
  return [...new Set([objectKey(`${kind}/${id}`), indexKey, outcomeKey(command), ...keys.map(objectKey)])];
}

/** One command on its way through; lives for one call of `step`. */
class ControlStep {
  readonly #states: ReadonlyMap<StateKey, ControlEntry>;
  readonly #record: Recorded;
  readonly #context: Context;
  readonly #command: ConfigCommand;
  readonly #held: HeldObject | undefined;

  constructor(states: ReadonlyMap<StateKey, ControlEntry>, record: Recorded, context: Context) {
    this.#states = states;
    this.#record = record;
    this.#context = context;
    this.#command = record.value as ConfigCommand;
    this.#held = this.#object(`${this.#command.data.kind}/${this.#command.data.id}`);
  }

  take(): Step<ControlEntry> {
    const first = this.#states.get(outcomeKey(this.#command));
    if (first?.kind === 'outcome') return this.#repeat(first);
    const judgement = judge(this.#command, {
      object: (kind, id) => this.#object(`${kind}/${id}`),
      lines: this.#lines,
    });
    if (!judgement.ok) return this.#refuse(judgement);
    if (this.#held && canonical(this.#held.value) === canonical(judgement.value)) return this.#confirm(judgement.name);
    return this.#change(judgement);
  }

  /**
   * Leaves no trace in the state: a forged command must not stand in the way of the one whose id it bears. Where the
   * signature does not hold, who is named is a claim, and the record does not accuse them.
   */
  turnAway({ code, message, proved }: CommandFault): Step<ControlEntry> {
    const { kind, id } = this.#command.data;
    const { by, ...about } = this.#about();
    const data = { kind, id, name: this.#held?.name ?? id, code, message, ...(!proved && { claimed: by }) };
    const event = configRejected.make({ ...about, ...(proved && { by }), id: this.#eventId(), data });
    return { puts: new Map(), out: [draftOf(event, this.#record.key)] };
  }

  #change({ name, value, line }: Extract<Judgement, { ok: true }>): Step<ControlEntry> {
    const { kind, id } = this.#command.data;
    const previous = this.#held?.value ?? null;
    const version = (this.#held?.version ?? 0) + 1;
    const definition = value === null ? configDeleted : previous === null ? configCreated : configModified;
    const event = definition.make({
      ...this.#about(),
      id: `${kind}-${idPart(id)}-v${version}`,
      data: { kind, id, name, version, value, previous },
    });
    const puts = new Map<StateKey, ControlEntry>([
      [objectKey(`${kind}/${id}`), { kind: 'object', version, name, value }],
    ]);
    const lines = this.#lines.filter((other) => other.kind !== kind || other.id !== id);
    if (line || lines.length < this.#lines.length)
      puts.set(indexKey, { kind: 'index', lines: line ? [...lines, line] : lines });
    return this.#answer(event, { name, version }, puts);
  }

  #confirm(name: string): Step<ControlEntry> {
    const version = this.#held?.version ?? 0;
    return this.#answer(this.#confirmation({ name, version }), { name, version });
  }

  #refuse({ code, message }: Extract<Judgement, { ok: false }>): Step<ControlEntry> {
    const name = this.#held?.name ?? this.#command.data.id;
    const refusal = { code, message: message.slice(0, 1024) };
    return this.#answer(this.#rejection({ name, ...refusal }), { name, version: this.#held?.version ?? 0, refusal });
  }

  #repeat({ name, version, refusal, eventId: repeats }: FirstOutcome): Step<ControlEntry> {
    const event = refusal
      ? this.#rejection({ name, ...refusal, repeats })
      : this.#confirmation({ name, version, repeats });
    return { puts: new Map(), out: [draftOf(event, this.#record.key)] };
  }

  #confirmation(data: { readonly name: string; readonly version: number; readonly repeats?: string }): Event {
    const { kind, id } = this.#command.data;
    return configConfirmed.make({ ...this.#about(), id: this.#eventId(), data: { kind, id, ...data } });
  }

  #rejection(data: { readonly name: string; readonly repeats?: string } & NonNullable<FirstOutcome['refusal']>): Event {
    const { kind, id } = this.#command.data;
    return configRejected.make({ ...this.#about(), id: this.#eventId(), data: { kind, id, ...data } });
  }

  #answer(
    event: Event,
    outcome: Pick<FirstOutcome, 'name' | 'version' | 'refusal'>,
    puts = new Map<StateKey, ControlEntry>(),
  ): Step<ControlEntry> {
    puts.set(outcomeKey(this.#command), { kind: 'outcome', at: this.#context.now, eventId: event.id, ...outcome });
    return { puts, out: [draftOf(event, this.#record.key)] };
  }

  #about() {
    const { org, subject, by } = this.#command;
    const { topic, partition, offset } = this.#record;
    return { org, subject, by, at: this.#context.now, cause: { topic, partition, offset } };
  }

  /** Of answers that change nothing: the command and its place, so that no two are the same and a replay makes it again. */
  #eventId(): string {
    return `${idPart(this.#command.by.commandId)}-p${this.#record.partition}-${this.#record.offset}`;
  }

  #object(kindAndId: string): HeldObject | undefined {
    const entry = this.#states.get(objectKey(kindAndId));
    return entry?.kind === 'object' ? entry : undefined;
  }

  get #lines(): readonly IndexLine[] {
    const entry = this.#states.get(indexKey);
    return entry?.kind === 'index' ? entry.lines : [];
  }
}

const draftOf = (event: Event, key: string): Draft => ({ topic: 'config', key, value: event });
