import type { Event } from '../envelope.ts';
import type { CommandRejected, CommandRejection } from './events/command-rejected.ts';
import type { CommandRepeated } from './events/command-repeated.ts';
import type { Triage } from './triage.ts';

/** What the event on `triage-events` with the `by.commandId` of a command means for whoever waits for its answer. */
export type CommandOutcome =
  | {
      readonly ok: true;
      /** The block as the command left it; absent for a comment, which does not touch it. */
      readonly triage: Triage | undefined;
      readonly eventId: string;
      /** True when the command id had been carried out before. */
      readonly repeated: boolean;
    }
  | {
      readonly ok: false;
      readonly code: CommandRejection;
      readonly message: string;
      readonly current: Triage | undefined;
      readonly eventId: string;
      readonly repeated: boolean;
    };

/** Every event on `triage-events` answers exactly one command; this reads the answer. */
export function commandOutcomeOf(event: Event): CommandOutcome {
  if (event.type === 'command.rejected') {
    const { code, message, current, repeats } = (event as CommandRejected).data;
    return { ok: false, code, message, current, eventId: event.id, repeated: repeats !== undefined };
  }
  if (event.type === 'command.repeated') {
    const { first, after } = (event as CommandRepeated).data;
    return { ok: true, triage: after, eventId: first, repeated: true };
  }
  const { after } = event.data as { readonly after?: Triage };
  return { ok: true, triage: after, eventId: event.id, repeated: false };
}
