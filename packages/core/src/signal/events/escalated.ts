import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { severities } from '../../severity.ts';
import { snapshotFields } from '../snapshot.ts';

/** A detection more severe than any before joined the signal. Sent at once, never throttled; carries the whole signal. */
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
  evolve: (view, { signal }) => view && { ...view, ...signal },
});
export type SignalEscalated = EventOf<typeof signalEscalated>;
