import { defineEvent, type EventOf } from '../../event.ts';
import { evolveTriage, triageAudit, triageChangeFields } from '../triage-change.ts';

/** The assignee was set or taken away. Does not change the state. */
export const signalAssigned = defineEvent({
  type: 'signal.assigned',
  version: 1,
  topic: 'triage-events',
  fields: triageChangeFields,
  audit: triageAudit,
  summary: ({ after }) => (after.assignee ? `Assigned to ${after.assignee.name}` : 'Unassigned'),
  evolve: evolveTriage,
});
export type SignalAssigned = EventOf<typeof signalAssigned>;
