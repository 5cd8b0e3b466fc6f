import { defineEvent, type EventOf } from '../../event.ts';
import { snapshotFields } from '../snapshot.ts';
import { viewOf } from '../view.ts';

/** A detection found no live signal to join. Carries the whole signal. */
export const signalOpened = defineEvent({
  type: 'signal.opened',
  version: 1,
  topic: 'signals',
  fields: snapshotFields,
  audit: { name: 'Signal Pipeline', action: 'created', asset: 'security_signal', assetName: (signal) => signal.title },
  summary: (signal) => `Opened with severity ${signal.severity}: ${signal.title}`,
  evolve: (_, signal) => viewOf(signal),
});
export type SignalOpened = EventOf<typeof signalOpened>;
