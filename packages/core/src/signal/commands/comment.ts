import { defineCommand } from '../../command.ts';
import { field } from '../../field.ts';
import { signalCommented } from '../events/commented.ts';

/** No triage edit: no version, and possible at any age of the signal. */
export const comment = defineCommand({
  type: 'signal.comment',
  title: 'Comment on a signal',
  permission: 'security_monitoring_signals_write',
  fields: { text: field.text({ min: 1, max: 16_384 }) },
  event: signalCommented,
  decide: ({ data, by }, { triage, configVersion }) => ({
    ok: true,
    triage,
    data: { commentId: by.commandId, text: data.text, configVersion },
  }),
});
