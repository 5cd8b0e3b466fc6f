import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { triageFields } from '../triage.ts';

const fields = {
  command: field.text({ max: 64 }),
  /** Id of the event that the command had caused the first time. */
  first: field.text({ max: 1024 }),
  /** The triage block as the first outcome left it; it may have changed again since. */
  after: field.object('TriageThen', triageFields),
  configVersion: field.integer(),
};

/**
 * A command id that had already been carried out came again: nothing is done, this answers it with its first outcome. An
 * event of its own, because the first one written twice would take back what others have changed since.
 */
export const commandRepeated = defineEvent({
  type: 'command.repeated',
  version: 1,
  topic: 'triage-events',
  fields,
  audit: { name: 'Cloud Security Platform', action: 'accessed', asset: 'security_signal' },
  summary: ({ command, first }) => `Repeated ${command}: already done by ${first}`,
});
export type CommandRepeated = EventOf<typeof commandRepeated>;
