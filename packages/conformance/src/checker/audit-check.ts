import { createHash } from 'node:crypto';
import { type AuditRecord, type AuditSource, type Event, genesisHash, type Recorded, topicShape } from '@tocsin/core';
import { type CommittedLog, nameOf } from './committed-log.ts';
import { type Finding, finding } from './finding.ts';

/** Every audited event has one audit record that tells of it, and the records of a stream are chained. */
export function* checkAudit(log: CommittedLog): Iterable<Finding> {
  const told = new Map<string, string>();
  for (const { at, record } of log.audit) {
    const source = sourceOf(record.source);
    if (told.has(source)) yield finding('duplicate', nameOf(at), `${source} has a record already`);
    told.set(source, record.event.id);
    yield* sourceFault(log, at, record);
  }
  yield* untold(log, told);
  yield* chains(log);
}

function* sourceFault(log: CommittedLog, at: Recorded, { source, event }: AuditRecord): Iterable<Finding> {
  const number = source.seq ?? source.offset ?? -1;
  const found = log.at({ topic: source.topic, partition: source.partition, number }) as Recorded<Event> | undefined;
  if (!found) yield finding('phantom', nameOf(at), `${sourceOf(source)} is not in the log`);
  else if (found.value.id !== event.id)
    yield finding(
      'aborted-read',
      nameOf(at),
      `it tells of ${event.id}, but at ${sourceOf(source)} stands ${found.value.id}`,
    );
}

/** A repetition by a producer that did not know better needs no record of its own. */
function* untold(log: CommittedLog, told: ReadonlyMap<string, string>): Iterable<Finding> {
  const ids = new Set(told.values());
  for (const record of log.records as readonly Recorded<Event>[]) {
    const { audited, writers } = topicShape(record.topic);
    if (!audited) continue;
    const number = writers === 'one' ? { seq: record.seq ?? -1 } : { offset: record.offset };
    const here = told.has(sourceOf({ topic: record.topic, partition: record.partition, ...number }));
    if (!here && !(writers === 'many' && ids.has(record.value.id)))
      yield finding('torn', nameOf(record), `${record.value.type} ${record.value.id} has no audit record`);
  }
}

function* chains(log: CommittedLog): Iterable<Finding> {
  const heads = new Map<string, { readonly seq: number; readonly hash: string }>();
  for (const { at, text, record } of log.audit) {
    const head = heads.get(record.stream) ?? { seq: -1, hash: genesisHash };
    if (record.seq > head.seq + 1)
      yield finding('gap', nameOf(at), `audit seq ${head.seq + 1} of ${record.stream} is missing`);
    else if (record.seq <= head.seq) yield finding('duplicate', nameOf(at), `audit seq ${record.seq} was there before`);
    else if (record.prev_hash !== head.hash)
      yield finding('torn', nameOf(at), `it is not chained to the record before`);
    heads.set(record.stream, {
      seq: Math.max(record.seq, head.seq),
      hash: createHash('sha256').update(text).digest('hex'),
    });
  }
}

const sourceOf = ({ topic, partition, seq, offset }: Omit<AuditSource, 'recorded_at'>): string =>
  `${topic}/${partition}${seq === undefined ? `@${offset}` : `#${seq}`}`;
