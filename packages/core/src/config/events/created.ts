import { defineEvent, type EventOf } from '../../event.ts';
import { configAudit, configChangeFields, configDiff, kindInWords } from '../change.ts';

/** A configuration object was created. */
export const configCreated = defineEvent({
  type: 'config.created',
  version: 1,
  topic: 'config',
  fields: configChangeFields,
  audit: { ...configAudit, action: 'created', change: configDiff },
  summary: (change) => `${kindInWords(change)} ${change.name} created (version ${change.version})`,
});
export type ConfigCreated = EventOf<typeof configCreated>;
