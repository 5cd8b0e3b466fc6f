import type { Configuration } from './config/configuration.ts';
import type { Command } from './envelope.ts';
import type { DefinedEvent } from './event.ts';
import type { Fields, ValueOf } from './field.ts';
import type { CommandRejection } from './signal/events/command-rejected.ts';
import type { Triage } from './signal/triage.ts';
import type { Instant } from './time.ts';

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

export type Decision<D> =
  | {
      readonly ok: true;
      readonly data: D /** The block after it; unchanged when the command is no triage edit. */;
      readonly triage: Triage;
    }
  | { readonly ok: false; readonly code: CommandRejection; readonly message: string };

/** One file a command: fields, decide, and the event that tells of it. Adding one needs no other hand-written file. */
export interface CommandDefinition<T extends string, F extends Fields, EF extends Fields> {
  readonly type: T;
  /** For help, API description and pages. */
  readonly title: string;
  readonly permission: string;
  readonly fields: F;
  readonly event: DefinedEvent<string, EF>;
  decide(command: Command<T, ValueOf<F>>, context: DecisionContext): Decision<ValueOf<EF>>;
}
export type AnyCommandDefinition = CommandDefinition<string, Fields, Fields>;

export const defineCommand = <const T extends string, F extends Fields, EF extends Fields>(
  definition: CommandDefinition<T, F, EF>,
): CommandDefinition<T, F, EF> => definition;
