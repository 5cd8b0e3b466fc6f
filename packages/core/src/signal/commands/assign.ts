import { defineCommand } from '../../command.ts';
import { signalAssigned } from '../events/assigned.ts';
import { decideEdit, editFields } from '../triage-edit.ts';

const { assignee, expectedVersion } = editFields;

/** Does not change the state. The empty uuid unassigns. */
export const assign = defineCommand({
  type: 'signal.assign',
  title: 'Assign a signal, or take the assignment away',
  permission: 'security_monitoring_signals_write',
  fields: { assignee, expectedVersion },
  event: signalAssigned,
  decide: decideEdit,
});
