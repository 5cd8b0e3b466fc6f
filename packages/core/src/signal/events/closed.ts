import { sourceStatuses } from '../../detection/detection.ts';
import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { mergedTexts } from '../snapshot.ts';

export const closeReasons = ['quiet', 'max_duration', 'displaced'] as const;

const fields = {
  revision: field.count(),
  reason: field.oneOf('CloseReason', closeReasons),
  firstSeen: field.instant(),
  lastSeen: field.instant(),
  count: field.count(),
  sourceStatus: field.optional(field.oneOf('SourceStatus', sourceStatuses)),
  /** What had not been told yet. */
  newEntities: field.optional(field.list(field.text({ max: 320 }), { max: 64 })),
  newTags: field.optional(field.list(field.text({ max: 200 }), { max: 128 })),
};

/** The signal absorbs no more detections. Not a triage state: people go on working on it. */
export const signalClosed = defineEvent({
  type: 'signal.closed',
  version: 1,
  topic: 'signals',
  fields,
  audit: { name: 'Signal Pipeline', action: 'modified', asset: 'security_signal' },
  summary: ({ reason, count }) => `Absorbs no more (${reason.replace('_', ' ')}) after ${count} detections`,
  evolve: (view, { revision, firstSeen, lastSeen, count, sourceStatus, newEntities, newTags }) =>
    view && {
      ...view,
      ...{ revision, firstSeen, lastSeen, count, closed: true },
      sourceStatus: sourceStatus ?? view.sourceStatus,
      entities: mergedTexts(view.entities, newEntities ?? [], 64),
      tags: mergedTexts(view.tags, newTags ?? [], 128),
    },
});
export type SignalClosed = EventOf<typeof signalClosed>;
