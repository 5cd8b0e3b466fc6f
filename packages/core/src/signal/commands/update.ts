import { defineCommand } from '../../command.ts';
import { field } from '../../field.ts';
import { signalTriageUpdated } from '../events/triage-updated.ts';
import { decideEdit, editFields } from '../triage-edit.ts';

const { state, assignee, incidentIds, ...alreadyOptional } = editFields;

/** Several triage values in one edit: all of them change, or none. */
export const update = defineCommand({
  type: 'signal.update',
  title: 'Change several triage values of a signal at once',
  permission: 'security_monitoring_signals_write',
  fields: {
    state: field.optional(state),
    assignee: field.optional(assignee),
    incidentIds: field.optional(incidentIds),
    ...alreadyOptional,
  },
  event: signalTriageUpdated,
  decide: decideEdit,
});
