import { defineEvent, type EventOf } from '../../event.ts';
import { configAudit, configChangeFields, configDiff, kindInWords } from '../change.ts';

/** A configuration object was modified. */
export const configModified = defineEvent({
  type: 'config.modified',
  version: 1,
  topic: 'config',
  fields: configChangeFields,
  audit: { ...configAudit, action: 'modified', change: configDiff },
  summary: (change) => `${kindInWords(change)} ${change.name} modified (version ${change.version})`,
});
export type ConfigModified = EventOf<typeof configModified>;
