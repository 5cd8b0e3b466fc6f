import type { Cause, Event } from '../envelope.ts';
import { severities } from '../severity.ts';
import type { Instant } from '../time.ts';
import { type Arrival, mostEntities, mostTags, sampleOf, samplesFor } from './arrival.ts';
import { type closeReasons, type SignalClosed, signalClosed } from './events/closed.ts';
import { type SignalEscalated, signalEscalated } from './events/escalated.ts';
import { type SignalOpened, signalOpened } from './events/opened.ts';
import { type SignalUpdated, signalUpdated } from './events/updated.ts';
import { learnt, unseen } from './known-values.ts';
import type { Session } from './session.ts';
import { claimsOfSignal } from './signal-id.ts';
import { mergedTexts, type Sample, type SignalSnapshot } from './snapshot.ts';
import { paceAfter } from './update-pace.ts';

export type SignalEvent = SignalOpened | SignalEscalated | SignalUpdated | SignalClosed;
export type CloseReason = (typeof closeReasons)[number];

/** What tells of a session, and the session once it has been told of. */
export interface Told {
  readonly session: Session;
  readonly event: SignalEvent;
}

/** Where an event belongs. */
export interface About {
  readonly org: string;
  readonly at: Instant;
  readonly cause: Cause;
}

export const opening = (session: Session, arrival: Arrival): SignalEvent =>
  signalOpened.make({ ...heading(session, aboutOf(arrival)), data: snapshotOf(session, arrival, arrival.moment.now) });

/**
 * The whole signal again, as far as the builder has it: identity and counters are the signal's, the content is that of the
 * detection that raised the severity, and the values that were still to be told are added. `evolve` merges it into the view.
 */
export function escalation(before: Session, from: number, arrival: Arrival): Told {
  const { detection } = arrival;
  const newEntities = unseen(before.entities, detection.entities, mostEntities);
  const newTags = unseen(before.tags, detection.tags, mostTags);
  const content = {
    samples: samplesFor(before, detection),
    entities: mergedTexts(before.newEntities, detection.entities, mostEntities),
    tags: mergedTexts(before.newTags, detection.tags, mostTags),
  };
  const session: Session = {
    ...before,
    ...nothingWaits,
    revision: before.revision + 1,
    entities: learnt(before.entities, newEntities),
    tags: learnt(before.tags, newTags),
    samples: before.samples + content.samples.length,
  };
  const createdAt = claimsOfSignal(session.id)?.createdAt ?? session.recordedAt;
  const signal = { ...snapshotOf(session, arrival, createdAt), ...content };
  const data = { from: severities[from] ?? 'info', signal };
  return { session, event: signalEscalated.make({ ...heading(session, aboutOf(arrival)), data }) };
}

/** Counters, bounds and what is new, at the time of a record: it adds its values and its sample. */
export function updateWith(before: Session, arrival: Arrival): Told {
  const { detection } = arrival;
  const entities = unseen(before.entities, detection.entities, mostEntities);
  const tags = unseen(before.tags, detection.tags, mostTags);
  const samples = samplesFor(before, detection);
  const session: Session = {
    ...before,
    entities: learnt(before.entities, entities),
    tags: learnt(before.tags, tags),
    newEntities: joined(before.newEntities, entities),
    newTags: joined(before.newTags, tags),
    samples: before.samples + samples.length,
  };
  return update(session, aboutOf(arrival), samples);
}

/** What waited, told without a record. */
export const update = (before: Session, about: About, newSamples: readonly Sample[] = noSamples): Told => {
  const { firstSeen, lastSeen, count, sourceStatus, newEntities, newTags } = before;
  const revision = before.revision + 1;
  const session: Session = { ...before, ...nothingWaits, ...paceAfter(before, about.at), revision };
  const data = { revision, firstSeen, lastSeen, count, sourceStatus, newEntities, newTags, newSamples };
  return { session, event: signalUpdated.make({ ...heading(session, about), data }) };
};

export function closing(before: Session, reason: CloseReason, about: About): SignalEvent {
  const { firstSeen, lastSeen, count, sourceStatus, newEntities, newTags } = before;
  const session: Session = { ...before, revision: before.revision + 1 };
  const waiting = {
    ...(newEntities.length > 0 && { newEntities }),
    ...(newTags.length > 0 && { newTags }),
  };
  const data = { revision: session.revision, reason, firstSeen, lastSeen, count, sourceStatus, ...waiting };
  return signalClosed.make({ ...heading(session, about), data });
}

const noSamples: readonly Sample[] = [];
const noTexts: readonly string[] = [];
const nothingWaits = { dirty: false, newEntities: noTexts, newTags: noTexts } as const;

const joined = (old: readonly string[], more: readonly string[]): readonly string[] =>
  more.length === 0 ? old : [...old, ...more];

export const aboutOf = ({ detection, moment, cause }: Arrival): About => ({
  org: detection.org,
  at: moment.now,
  cause,
});

/** A replay makes the same event ids. */
const heading = ({ id, revision }: Session, about: About): Omit<Event, 'type' | 'v' | 'data' | 'by'> => ({
  ...about,
  id: `${id}-r${revision}`,
  subject: id,
});

/** Written out, without spreads: every opened signal passes here. */
function snapshotOf(session: Session, { detection, grouping }: Arrival, createdAt: Instant): SignalSnapshot {
  return {
    id: session.id,
    org: detection.org,
    revision: session.revision,
    createdAt,
    firstSeen: session.firstSeen,
    lastSeen: session.lastSeen,
    count: session.count,
    format: detection.format,
    source: detection.source,
    ruleType: detection.ruleType,
    rule: detection.rule,
    severity: severities[session.severity] ?? detection.severity,
    title: detection.title,
    message: detection.message,
    groupBy: grouping.groupBy,
    entities: detection.entities,
    tags: detection.tags,
    attributes: detection.attributes,
    flags: detection.flags,
    sourceStatus: session.sourceStatus,
    late: session.late,
    windows: { keepAlive: session.keepAlive, maxDuration: session.maxDuration },
    samples: [sampleOf(detection)],
    configVersion: session.configVersion,
  };
}
