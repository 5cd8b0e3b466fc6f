import { defineCommand } from '../../command.ts';
import { signalIncidentsSet } from '../events/incidents-set.ts';
import { decideEdit, editFields } from '../triage-edit.ts';

const { incidentIds, expectedVersion } = editFields;

/** Replaces the whole list. */
export const setIncidents = defineCommand({
  type: 'signal.set_incidents',
  title: 'Set the related incidents of a signal',
  permission: 'security_monitoring_signals_write',
  fields: { incidentIds, expectedVersion },
  event: signalIncidentsSet,
  decide: decideEdit,
});
