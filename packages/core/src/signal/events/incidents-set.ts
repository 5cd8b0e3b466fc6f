import { defineEvent, type EventOf } from '../../event.ts';
import { evolveTriage, triageAudit, triageChangeFields } from '../triage-change.ts';

/** The list of related incidents was replaced. */
export const signalIncidentsSet = defineEvent({
  type: 'signal.incidents_set',
  version: 1,
  topic: 'triage-events',
  fields: triageChangeFields,
  audit: triageAudit,
  summary: ({ after }) =>
    after.incidentIds.length ? `Related incidents: ${after.incidentIds.join(', ')}` : 'No related incidents',
  evolve: evolveTriage,
});
export type SignalIncidentsSet = EventOf<typeof signalIncidentsSet>;
