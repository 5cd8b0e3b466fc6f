import { type Recorded, topicShape } from '@tocsin/core';
import { type CommittedLog, nameOf } from './committed-log.ts';
import { type Finding, finding } from './finding.ts';

/** Offsets rise in each partition; on topics with one writer `seq` counts from 0 without a gap. */
export function* checkOrder(log: CommittedLog): Iterable<Finding> {
  for (const records of log.places.values()) {
    yield* offsets(records);
    const [first] = records;
    if (first && topicShape(first.topic).writers === 'one') yield* numbers(records);
  }
}

function* offsets(records: readonly Recorded[]): Iterable<Finding> {
  let last = -1;
  for (const record of records) {
    if (record.offset === last) yield finding('duplicate', nameOf(record), 'its offset was read twice');
    if (record.offset < last) yield finding('reordered', nameOf(record), `it came after offset ${last}`);
    last = Math.max(last, record.offset);
  }
}

function* numbers(records: readonly Recorded[]): Iterable<Finding> {
  let next = 0;
  for (const record of records) {
    const { seq } = record;
    if (seq === undefined) yield finding('phantom', nameOf(record), 'it has no seq on a topic with one writer');
    else if (seq > next) yield finding('gap', nameOf(record), `seq ${next} to ${seq - 1} are missing`);
    else if (seq < next) yield finding('duplicate', nameOf(record), `seq ${seq} was there before`);
    next = Math.max(next, (seq ?? -1) + 1);
  }
}
