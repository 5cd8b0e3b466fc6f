import { commandFaults } from '../../command-signature.ts';
import { originFields } from '../../envelope.ts';
import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { triageFields } from '../triage.ts';

export const commandRejections = [
  'signal_not_found',
  'version_conflict',
  'locked',
  'invalid_transition',
  'unknown_user',
  'invalid_command',
  ...commandFaults,
] as const;
export type CommandRejection = (typeof commandRejections)[number];

const fields = {
  command: field.text({ max: 64 }),
  code: field.oneOf('CommandRejection', commandRejections),
  message: field.text({ max: 1024 }),
  /** As it stood; absent when there is no such signal, and to who is not proved to be anybody. */
  current: field.optional(field.object('CurrentTriage', triageFields)),
  /** The data of the command, as it came, unless it is longer than 8 KiB of JSON. */
  asked: field.optional(field.json()),
  /** Event id of the first refusal, when this answers a repeated command id. */
  repeats: field.optional(field.text({ max: 1024 })),
  /** Whom the command names where nothing proves it; the event itself then has no `by`. */
  claimed: field.optional(field.object('ClaimedOrigin', originFields)),
  configVersion: field.integer(),
};

/** A triage command was refused; the refusal is as much on record as a change. */
export const commandRejected = defineEvent({
  type: 'command.rejected',
  version: 1,
  topic: 'triage-events',
  fields,
  audit: { name: 'Cloud Security Platform', action: 'refused', asset: 'security_signal' },
  summary: ({ command, code, message }) => `Refused ${command} (${code}): ${message}`,
});
export type CommandRejected = EventOf<typeof commandRejected>;
