import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { severities } from '../../severity.ts';
import { keepSamples, mergedTexts, snapshotFields } from '../snapshot.ts';

/**
 * A detection more severe than any before joined the signal. Sent at once, never throttled. Carries a whole signal: identity,
 * bounds and counters are the signal's own; title, message, rule and attributes are those of the detection that raised the
 * severity; entities, tags, flags and samples are what that detection showed and what still waited to be told, to be merged
 * with those known before.
 */
export const signalEscalated = defineEvent({
  type: 'signal.escalated',
  version: 1,
  topic: 'signals',
  fields: {
    from: field.oneOf('PreviousSeverity', severities),
    signal: field.object('EscalatedSignal', snapshotFields),
  },
  audit: {
    name: 'Signal Pipeline',
    action: 'modified',
    asset: 'security_signal',
    assetName: ({ signal }) => signal.title,
    change: ({ from, signal }) => ({ prev: { severity: from }, next: { severity: signal.severity } }),
  },
  summary: ({ from, signal }) => `Severity rose from ${from} to ${signal.severity}`,
  evolve: (view, { signal }) =>
    view && {
      ...view,
      ...signal,
      entities: mergedTexts(view.entities, signal.entities, 64),
      tags: mergedTexts(view.tags, signal.tags, 128),
      flags: mergedTexts(view.flags, signal.flags, 16),
      samples: keepSamples([...view.samples, ...signal.samples]),
    },
});
export type SignalEscalated = EventOf<typeof signalEscalated>;
