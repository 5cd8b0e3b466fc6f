import { defineEvent, type EventOf } from '../../event.ts';
import { evolveTriage, triageAudit, triageChangeFields } from '../triage-change.ts';

/** Several triage values changed in one edit: all of them or none. */
export const signalTriageUpdated = defineEvent({
  type: 'signal.triage_updated',
  version: 1,
  topic: 'triage-events',
  fields: triageChangeFields,
  audit: triageAudit,
  summary: ({ before, after }) =>
    `State ${before.state} → ${after.state}, ${after.assignee ? `assigned to ${after.assignee.name}` : 'unassigned'}`,
  evolve: evolveTriage,
});
export type SignalTriageUpdated = EventOf<typeof signalTriageUpdated>;
