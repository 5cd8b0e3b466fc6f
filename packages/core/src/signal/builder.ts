import { rankOf } from '../severity.ts';
import { shardOf } from '../shard.ts';
import { minute, type Instant } from '../time.ts';
import { type Arrival, mostEntities, mostTags } from './arrival.ts';
import { holdNew } from './held-values.ts';
import { learnt, unseen } from './known-values.ts';
import { fits, type Group, inReach, isOver, joinable, type Moment, type Session } from './session.ts';
import {
  type About,
  aboutOf,
  closing,
  escalation,
  opening,
  type SignalEvent,
  update,
  updateWith,
} from './signal-changes.ts';
import type { SignalIds } from './signal-id.ts';
import { flushGrace, hurried, startPace } from './update-pace.ts';

/** A group after a step: undefined when it has no live signal, so that its entry is forgotten. */
export interface Built {
  readonly group: Group | undefined;
  readonly events: readonly SignalEvent[];
}

/** A group key holds at most this many live signals. */
export const mostSessions = 64;

/**
 * A detection joins the live signal within reach or opens one; it is always counted in exactly one signal. Sessions that are
 * over are closed first. A detection whose source says `resolved` opens a signal too when there is none to join, because
 * nothing may vanish; the source's word never touches triage.
 */
export function absorb(ids: SignalIds, before: Group | undefined, arrival: Arrival): Built {
  const { detection, moment } = arrival;
  const events: SignalEvent[] = [];
  const group = before ? withoutOver(before, moment, events) : { org: detection.org, sessions: [] };
  const index = joinable(group.sessions, detection.occurredAt);
  const session = group.sessions[index];
  const after = session
    ? { ...group, sessions: group.sessions.with(index, join(session, arrival, events)) }
    : open(ids, group, arrival, events);
  return { group: after.sessions.length > 0 ? after : undefined, events };
}

/** What time alone does: sends what waits, closes what is over. */
export function settle(before: Group, moment: Moment): Built {
  const events: SignalEvent[] = [];
  const group = withoutOver(before, moment, events);
  const sessions = group.sessions.map((session) => rearmed(flushed(session, group.org, moment, events), moment));
  return { group: sessions.length > 0 ? { ...group, sessions } : undefined, events };
}

/** When time alone will next do something to the group. */
export function settleAt({ sessions }: Group): Instant {
  let first = Number.POSITIVE_INFINITY;
  for (const session of sessions) first = Math.min(first, session.checkAt, flushAt(session));
  return first;
}

const flushAt = ({ dirty, nextAt }: Session): Instant => (dirty ? nextAt + flushGrace : Number.POSITIVE_INFINITY);

function withoutOver(group: Group, moment: Moment, events: SignalEvent[]): Group {
  if (!group.sessions.some((session) => isOver(session, moment))) return group;
  const sessions = group.sessions.filter((session) => {
    const over = isOver(session, moment);
    if (over) events.push(closing(session, session.full ? 'max_duration' : 'quiet', since(session, group.org, moment)));
    return !over;
  });
  return sessions.length > 0 ? { ...group, sessions } : { org: group.org, sessions };
}

/** What happens without a record answers the last record that joined. */
const since = ({ offset }: Session, org: string, { now, partition }: Moment): About => ({
  org,
  at: now,
  cause: { topic: 'grouped-detections', partition, offset },
});

function flushed(session: Session, org: string, moment: Moment, events: SignalEvent[]): Session {
  if (flushAt(session) > moment.now) return session;
  const told = update(session, since(session, org, moment));
  events.push(told.event);
  return told.session;
}

/**
 * Looks again when the log time can have passed the session, or when the watermark may have, if it moves at the pace of the
 * log. On a silent partition it does not move at all: looks then get as rare as the silence is long.
 */
function rearmed(session: Session, { now, watermark, lateness }: Moment): Session {
  if (session.checkAt > now) return session;
  const quietAt = session.recordedAt + session.keepAlive + 1;
  const missing = session.lastSeen + session.keepAlive + lateness + 1 - watermark;
  const passedAt = missing > 0 ? now + Math.max(missing, now - session.recordedAt, minute) : now;
  return { ...session, checkAt: Math.max(quietAt, passedAt) };
}

function join(session: Session, arrival: Arrival, events: SignalEvent[]): Session {
  const { now } = arrival.moment;
  const rank = rankOf(arrival.detection.severity);
  const counted = countedIn(session, arrival);
  if (rank > session.severity) {
    const told = escalation({ ...counted, severity: rank }, session.severity, arrival);
    events.push(told.event);
    return told.session;
  }
  if (now < counted.nextAt) return holdNew(counted, arrival.detection);
  const told = updateWith(counted, arrival);
  events.push(told.event);
  return told.session;
}

/** The source's word counts when it is the newest by the source's own clock. */
function countedIn(session: Session, { detection, moment, cause }: Arrival): Session {
  const { occurredAt } = detection;
  const sourceStatus = occurredAt >= session.lastSeen ? detection.sourceStatus : session.sourceStatus;
  const counted: Session = {
    ...session,
    sourceStatus,
    count: session.count + 1,
    firstSeen: Math.min(session.firstSeen, occurredAt),
    lastSeen: Math.max(session.lastSeen, occurredAt),
    recordedAt: moment.now,
    offset: cause.offset,
  };
  return sourceStatus === session.sourceStatus ? counted : { ...counted, ...hurried(counted) };
}

function open(ids: SignalIds, before: Group, arrival: Arrival, events: SignalEvent[]): Group {
  const { detection, grouping, moment } = arrival;
  const kept = grouping.windows.keepAlive > 0;
  const group = kept ? withRoom(before, moment, events) : before;
  const behind = detection.occurredAt < moment.watermark - moment.lateness;
  const late = behind || detection.occurredAt <= (group.displacedUpTo ?? Number.NEGATIVE_INFINITY);
  const session = firstSession(ids, arrival, late);
  events.push(opening(session, arrival));
  if (!kept) events.push(closing(session, 'quiet', aboutOf(arrival)));
  const others = group.sessions.map((other) => turnedAway(other, detection.occurredAt));
  return { ...group, sessions: kept ? [...others, session] : others };
}

const turnedAway = (session: Session, at: Instant): Session =>
  !session.full && inReach(session, at) && !fits(session, at) ? { ...session, full: true } : session;

/** The session that has been quiet longest in the log goes, so that a backfill in any order still groups with itself. */
function withRoom(group: Group, moment: Moment, events: SignalEvent[]): Group {
  if (group.sessions.length < mostSessions) return group;
  const oldest = group.sessions.reduce((a, b) => (b.recordedAt < a.recordedAt ? b : a));
  events.push(closing(oldest, 'displaced', since(oldest, group.org, moment)));
  const displacedUpTo = Math.max(group.displacedUpTo ?? Number.NEGATIVE_INFINITY, oldest.lastSeen);
  return { ...group, sessions: group.sessions.filter((session) => session !== oldest), displacedUpTo };
}

function firstSession(ids: SignalIds, arrival: Arrival, late: boolean): Session {
  const { detection, cause, grouping, moment, configVersion } = arrival;
  const { keepAlive, maxDuration } = grouping.windows;
  return {
    id: idFor(ids, arrival),
    revision: 1,
    severity: rankOf(detection.severity),
    sourceStatus: detection.sourceStatus,
    firstSeen: detection.occurredAt,
    lastSeen: detection.occurredAt,
    recordedAt: moment.now,
    offset: cause.offset,
    count: 1,
    keepAlive,
    maxDuration,
    late,
    configVersion,
    full: false,
    entities: learnt('', unseen('', detection.entities, mostEntities)),
    tags: learnt('', unseen('', detection.tags, mostTags)),
    samples: 1,
    dirty: false,
    newEntities: [],
    newTags: [],
    checkAt: moment.now + keepAlive + 1,
    ...startPace(moment.now),
  };
}

function idFor(ids: SignalIds, { detection, cause, moment }: Arrival): string {
  const { id, org, rule } = detection;
  const opened = `${cause.topic}/${cause.partition}@${cause.offset}#${id}`;
  return ids.make({ shard: shardOf(org, rule.id), createdAt: moment.now, cause: opened, org });
}
