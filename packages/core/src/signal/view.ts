import type { Actor } from '../envelope.ts';
import type { Instant } from '../time.ts';
import type { SignalSnapshot } from './snapshot.ts';
import { type Triage, untriaged } from './triage.ts';

export interface Comment {
  readonly id: string;
  readonly text: string;
  readonly at: Instant;
  readonly by: Actor;
}

/** A signal as people see it: folded from its events by `evolve`, the same in the read model and in `audit replay`. */
export interface SignalView extends SignalSnapshot {
  /** False while it still absorbs detections. Has nothing to do with triage. */
  readonly closed: boolean;
  readonly triage: Triage;
  readonly comments: readonly Comment[];
}

export const viewOf = (snapshot: SignalSnapshot): SignalView => ({
  ...snapshot,
  closed: false,
  triage: untriaged,
  comments: [],
});
