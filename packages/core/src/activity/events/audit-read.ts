import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = { what: field.oneOf('AuditRead', ['tail', 'list', 'export']), query: field.text({ max: 2048 }) };

/** Somebody read or exported the audit log. */
export const auditRead = defineEvent({
  type: 'audit.read',
  version: 1,
  topic: 'activity',
  fields,
  audit: { name: 'Audit Trail', action: 'accessed', asset: 'audit_log' },
  summary: ({ what }) => `Audit log: ${what}`,
});
export type AuditRead = EventOf<typeof auditRead>;
