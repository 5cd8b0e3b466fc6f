import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

export const closeReasons = ['quiet', 'max_duration', 'displaced'] as const;

const fields = {
  revision: field.count(),
  reason: field.oneOf('CloseReason', closeReasons),
  firstSeen: field.instant(),
  lastSeen: field.instant(),
  count: field.count(),
};

/** The signal absorbs no more detections. Not a triage state: people go on working on it. */
export const signalClosed = defineEvent({
  type: 'signal.closed',
  version: 1,
  topic: 'signals',
  fields,
  audit: { name: 'Signal Pipeline', action: 'modified', asset: 'security_signal' },
  summary: ({ reason, count }) => `Absorbs no more (${reason.replace('_', ' ')}) after ${count} detections`,
  evolve: (view, { revision, firstSeen, lastSeen, count }) =>
    view && { ...view, revision, firstSeen, lastSeen, count, closed: true },
});
export type SignalClosed = EventOf<typeof signalClosed>;
