import { defineEvent, type EventOf } from '../../event.ts';
import { configAudit, configChangeFields, configDiff, kindInWords } from '../change.ts';

/** A configuration object was deleted. */
export const configDeleted = defineEvent({
  type: 'config.deleted',
  version: 1,
  topic: 'config',
  fields: configChangeFields,
  audit: { ...configAudit, action: 'deleted', change: configDiff },
  summary: (change) => `${kindInWords(change)} ${change.name} deleted (version ${change.version})`,
});
export type ConfigDeleted = EventOf<typeof configDeleted>;
