import { defineEvent, type EventOf } from '../../event.ts';
import { evolveTriage, triageAudit, triageChangeFields } from '../triage-change.ts';

/** Somebody set the state; the same state again re-stamps who and when. */
export const signalStateChanged = defineEvent({
  type: 'signal.state_changed',
  version: 1,
  topic: 'triage-events',
  fields: triageChangeFields,
  audit: triageAudit,
  summary: ({ before, after }) =>
    after.state === 'archived'
      ? `State ${before.state} → archived (${after.archiveReason})${after.archiveComment ? `: ${after.archiveComment}` : ''}`
      : `State ${before.state} → ${after.state}`,
  evolve: evolveTriage,
});
export type SignalStateChanged = EventOf<typeof signalStateChanged>;
