import type { CommandSigner, SignedCommand } from './command-signature.ts';
import type { Configuration } from './config/configuration.ts';
import type { Command } from './envelope.ts';
import type { DefinedEvent } from './event.ts';
import type { Fields, ValueOf } from './field.ts';
import type { Append } from './ports/event-log.ts';
import { shardOf } from './shard.ts';
import type { CommandRejection } from './signal/events/command-rejected.ts';
import { shardOfSignal } from './signal/signal-id.ts';
import type { Triage } from './signal/triage.ts';
import { day, type Instant } from './time.ts';

/** What a decision may look at: all of it comes from the log. */
export interface DecisionContext {
  readonly triage: Triage;
  /** Log time of the signal's opening, read from its id. */
  readonly createdAt: Instant;
  /** Log time of the command. */
  readonly now: Instant;
  readonly configuration: Configuration;
  readonly configVersion: number;
}

export interface Refusal {
  readonly ok: false;
  readonly code: CommandRejection;
  /** For the person who asked: what is wrong and what would work. At most 1,024 characters are recorded. */
  readonly message: string;
}
export type Decision<D> =
  | {
      readonly ok: true;
      readonly data: D;
      /** The block after it; unchanged when the command is no triage edit. */
      readonly triage: Triage;
    }
  | Refusal;

/** One file a command: fields, decide, and the event that tells of it. Adding one needs no other hand-written file. */
export interface CommandDefinition<T extends string, F extends Fields, EF extends Fields> {
  readonly type: T;
  /** For help, API description and pages. */
  readonly title: string;
  readonly permission: string;
  readonly fields: F;
  readonly event: Pick<DefinedEvent<string, EF>, 'type' | 'make'>;
  decide(command: Command<T, ValueOf<F>>, context: DecisionContext): Decision<ValueOf<EF>>;
}
export type AnyCommandDefinition = CommandDefinition<string, Fields, Fields>;

export const defineCommand = <const T extends string, F extends Fields, EF extends Fields>(
  definition: CommandDefinition<T, F, EF>,
): CommandDefinition<T, F, EF> => definition;

/** A repeated command id gets its first outcome for this long, in log time, from the first; later it is a new command. */
export const rememberCommandsMs = day;

/**
 * The record of a triage command. Its shard comes from the signal id, so that the task that has the signal's events has its
 * commands; a malformed id gets a stable shard too, because its refusal belongs on record. Signed here, so that none is not.
 */
export const commandAppend = (command: Command, signer: CommandSigner): Append<SignedCommand> => ({
  topic: 'commands',
  key: command.subject,
  value: signer.sign(command),
  shard: shardOfSignal(command.subject) ?? shardOf(command.org, command.subject),
});

/** A text as a part of an event id: letters, digits, `.`, `_` and `-` stay, everything else is written `~hex~`. */
export const idPart = (text: string): string =>
  text.replace(/[^A-Za-z0-9._-]/gu, (character) => `~${(character.codePointAt(0) ?? 0).toString(16)}~`);
