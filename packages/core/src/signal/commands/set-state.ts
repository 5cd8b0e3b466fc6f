import { defineCommand } from '../../command.ts';
import { signalStateChanged } from '../events/state-changed.ts';
import { decideEdit, editFields } from '../triage-edit.ts';

const { state, archiveReason, archiveComment, expectedVersion } = editFields;

/** The same state again re-stamps who and when. Leaving archived clears reason and comment. */
export const setState = defineCommand({
  type: 'signal.set_state',
  title: 'Set the state of a signal',
  permission: 'security_monitoring_signals_write',
  fields: { state, archiveReason, archiveComment, expectedVersion },
  event: signalStateChanged,
  decide: decideEdit,
});
