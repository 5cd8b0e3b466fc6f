import { commandFaults } from '../../command-signature.ts';
import { originFields } from '../../envelope.ts';
import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { configAudit, kindInWords } from '../change.ts';
import { configKindNames } from '../kinds.ts';

export const configRejections = [
  'invalid',
  'not_found',
  'version_conflict',
  'name_taken',
  'in_use',
  ...commandFaults,
] as const;
export type ConfigRejection = (typeof configRejections)[number];

const fields = {
  kind: field.oneOf('ConfigKind', configKindNames),
  id: field.text({ min: 1, max: 128 }),
  name: field.text({ max: 320 }),
  code: field.oneOf('ConfigRejection', configRejections),
  message: field.text({ max: 1024 }),
  /** Event id of the first refusal, when this answers a repeated command id. */
  repeats: field.optional(field.text({ max: 1024 })),
  /** Whom the command names where nothing proves it; the event itself then has no `by`. */
  claimed: field.optional(field.object('ClaimedOrigin', originFields)),
};

/** A configuration command was refused. */
export const configRejected = defineEvent({
  type: 'config.rejected',
  version: 1,
  topic: 'config',
  fields,
  audit: { ...configAudit, action: 'refused' },
  summary: (refusal) =>
    `Refused change of ${kindInWords(refusal)} ${refusal.name} (${refusal.code}): ${refusal.message}`,
});
export type ConfigRejected = EventOf<typeof configRejected>;
