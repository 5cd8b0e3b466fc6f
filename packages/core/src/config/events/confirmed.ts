import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { configAudit, kindInWords } from '../change.ts';
import { configKindNames } from '../kinds.ts';

const fields = {
  kind: field.oneOf('ConfigKind', configKindNames),
  id: field.text({ min: 1, max: 128 }),
  name: field.text({ max: 320 }),
  /** Of the object, as the command left or found it. */
  version: field.count(),
  /** Event id of the first outcome, when this answers a repeated command id. */
  repeats: field.optional(field.text({ max: 1024 })),
};

/** A configuration command had nothing to change: the object already is so, or the command had been carried out before. */
export const configConfirmed = defineEvent({
  type: 'config.confirmed',
  version: 1,
  topic: 'config',
  fields,
  audit: { ...configAudit, action: 'accessed' },
  summary: (found) => `Nothing to change on ${kindInWords(found)} ${found.name} (version ${found.version})`,
});
export type ConfigConfirmed = EventOf<typeof configConfirmed>;
