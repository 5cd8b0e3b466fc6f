import { sourceStatuses } from '../detection/detection.ts';
import type { Group, Session } from './session.ts';

/** A group as a JSON value without names, because there is one for each live signal. */
export const packGroup = ({ org, sessions, displacedUpTo }: Group): PackedGroup => [
  org,
  displacedUpTo ?? null,
  ...sessions.map(pack),
];

export const unpackGroup = ([org, displacedUpTo, ...sessions]: PackedGroup): Group => ({
  org,
  sessions: sessions.map(unpack),
  ...(displacedUpTo !== null && { displacedUpTo }),
});

export type PackedGroup = readonly [string, number | null, ...PackedSession[]];
type PackedSession = ReturnType<typeof pack>;

const late = 1;
const full = 2;
const dirty = 4;

const pack = (session: Session) =>
  [
    session.id,
    session.revision,
    session.severity,
    sourceStatuses.indexOf(session.sourceStatus),
    (session.late ? late : 0) | (session.full ? full : 0) | (session.dirty ? dirty : 0),
    session.firstSeen,
    session.lastSeen,
    session.recordedAt,
    session.offset,
    session.count,
    session.keepAlive,
    session.maxDuration,
    session.configVersion,
    session.samples,
    session.nextAt,
    session.interval,
    session.checkAt,
    session.entities,
    session.tags,
    session.newEntities,
    session.newTags,
  ] as const;

function unpack(packed: PackedSession): Session {
  const [id, revision, severity, status, flags, firstSeen, lastSeen, recordedAt, offset, count, ...more] = packed;
  const [keepAlive, maxDuration, configVersion, samples, nextAt, interval, checkAt, ...texts] = more;
  const [entities, tags, newEntities, newTags] = texts;
  return {
    ...{ id, revision, severity, sourceStatus: sourceStatuses[status] ?? 'active' },
    ...{ late: (flags & late) > 0, full: (flags & full) > 0, dirty: (flags & dirty) > 0 },
    ...{ firstSeen, lastSeen, recordedAt, offset, count, keepAlive, maxDuration, configVersion, samples },
    ...{ nextAt, interval, checkAt, entities, tags, newEntities, newTags },
  };
}
