import type { SourceStatus } from '../detection/detection.ts';
import type { Duration, Instant } from '../time.ts';
import type { KnownValues } from './known-values.ts';
import type { Pace } from './update-pace.ts';

/** A live signal as the builder keeps it: enough to go on counting, in at most 1 KiB. The texts are in the events. */
export interface Session extends Pace {
  readonly id: string;
  readonly revision: number;
  /** Rank of the highest severity so far. */
  readonly severity: number;
  readonly sourceStatus: SourceStatus;
  readonly firstSeen: Instant;
  readonly lastSeen: Instant;
  /** Log time and offset of the last record that joined. */
  readonly recordedAt: Instant;
  readonly offset: number;
  readonly count: number;
  /** Copied from the rule at the opening. */
  readonly keepAlive: Duration;
  readonly maxDuration: Duration;
  readonly late: boolean;
  readonly configVersion: number;
  /** A detection within reach was turned away because the signal would have become too long. */
  readonly full: boolean;
  readonly entities: KnownValues;
  readonly tags: KnownValues;
  /** How many samples the signal has. */
  readonly samples: number;
  /** Something changed since the last event. */
  readonly dirty: boolean;
  /** New values that wait for the next event; already among the known ones. */
  readonly newEntities: readonly string[];
  readonly newTags: readonly string[];
  /** When to look next whether the signal may be dropped. */
  readonly checkAt: Instant;
}

/** The live signals of one group key, in the order of their opening. */
export interface Group {
  readonly org: string;
  readonly sessions: readonly Session[];
  /** Highest `lastSeen` of the sessions that had to go before their time. */
  readonly displacedUpTo?: Instant;
}

/** What a decision of the builder knows of time; all of it from the log. */
export interface Moment {
  readonly now: Instant;
  readonly watermark: Instant;
  /** How far behind the watermark a source may be and still group with itself. */
  readonly lateness: Duration;
  readonly partition: number;
}

/** The instants within keep alive of the signal's own; `fits` says whether it would not become too long. */
export const inReach = ({ firstSeen, lastSeen, keepAlive }: Session, at: Instant): boolean =>
  at >= firstSeen - keepAlive && at <= lastSeen + keepAlive;

export const fits = ({ firstSeen, lastSeen, maxDuration }: Session, at: Instant): boolean =>
  Math.max(lastSeen, at) - Math.min(firstSeen, at) <= maxDuration;

/** Index of the session that a detection of that time joins: within reach, the nearest, then the older; -1 for none. */
export function joinable(sessions: readonly Session[], at: Instant): number {
  let found = -1;
  let nearest = Number.POSITIVE_INFINITY;
  for (const [index, session] of sessions.entries()) {
    if (!inReach(session, at) || !fits(session, at)) continue;
    const distance = Math.max(session.firstSeen - at, at - session.lastSeen, 0);
    if (distance >= nearest) continue;
    nearest = distance;
    found = index;
  }
  return found;
}

/** A session is over once the watermark and the log time have both passed it: nothing punctual can still belong to it. */
export const isOver = (session: Session, { now, watermark, lateness }: Moment): boolean =>
  now > session.recordedAt + session.keepAlive && watermark > session.lastSeen + session.keepAlive + lateness;
