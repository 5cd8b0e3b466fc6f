import { sourceStatuses } from '../../detection/detection.ts';
import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { keepSamples, mergedTexts, sampleFields } from '../snapshot.ts';

const fields = {
  revision: field.count(),
  firstSeen: field.instant(),
  lastSeen: field.instant(),
  count: field.count(),
  sourceStatus: field.oneOf('SourceStatus', sourceStatuses),
  /** Only what the signal did not have before. */
  newEntities: field.list(field.text({ max: 320 }), { max: 64 }),
  newTags: field.list(field.text({ max: 200 }), { max: 128 }),
  newSamples: field.list(field.object('Sample', sampleFields), { max: 8 }),
};

/** Absolute counters and bounds after more detections joined. Throttled: at most one a second per signal, less while it is hot. */
export const signalUpdated = defineEvent({
  type: 'signal.updated',
  version: 1,
  topic: 'signals',
  fields,
  audit: { name: 'Signal Pipeline', action: 'modified', asset: 'security_signal' },
  summary: ({ count, lastSeen }) => `Now ${count} detections, last seen ${new Date(lastSeen).toISOString()}`,
  evolve: (view, { newEntities, newTags, newSamples, ...absolute }) =>
    view && {
      ...view,
      ...absolute,
      entities: mergedTexts(view.entities, newEntities, 64),
      tags: mergedTexts(view.tags, newTags, 128),
      samples: keepSamples([...view.samples, ...newSamples]),
    },
});
export type SignalUpdated = EventOf<typeof signalUpdated>;
