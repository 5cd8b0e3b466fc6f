import {
  type Cause,
  type Command,
  type Detection,
  type Event,
  type Recorded,
  topicNames,
  topicShape,
  type TriageChange,
} from '@tocsin/core';
import { type CommittedLog, nameOf } from './committed-log.ts';
import { type Finding, finding } from './finding.ts';

/** No event id twice where one writer decides; revisions and triage versions of each signal without gap, in order. */
export function* checkEvents(log: CommittedLog): Iterable<Finding> {
  for (const topic of topicNames)
    if (topicShape(topic).writers === 'one' && topicShape(topic).audited) yield* ids(log.events(topic));
  yield* revisions(log.events('signals'));
  yield* triageVersions(log.events('triage-events'), new Set(log.events('signals').map(({ value }) => value.subject)));
  for (const topic of ['signals', 'triage-events', 'deliveries'] as const)
    for (const record of log.events(topic)) yield* cause(log, record);
}

function* ids(records: readonly Recorded<Event>[]): Iterable<Finding> {
  const seen = new Set<string>();
  for (const record of records) {
    if (seen.has(record.value.id))
      yield finding('duplicate', nameOf(record), `event ${record.value.id} was there before`);
    seen.add(record.value.id);
  }
}

function* revisions(records: readonly Recorded<Event>[]): Iterable<Finding> {
  const last = new Map<string, number>();
  for (const record of records) {
    const { subject, data, type } = record.value;
    const revision = revisionOf(data);
    const before = last.get(subject) ?? 0;
    if (before === 0 && type !== 'signal.opened')
      yield finding('phantom', nameOf(record), `${type} of a signal that was not opened`);
    else yield* step(record, { what: 'revision', before, now: revision });
    last.set(subject, Math.max(before, revision));
  }
}

/** Of an opening and most others in the data, of an escalation in its snapshot. */
function revisionOf(data: unknown): number {
  const { revision, signal } = data as { readonly revision?: number; readonly signal?: { readonly revision: number } };
  return revision ?? signal?.revision ?? 0;
}

function* triageVersions(records: readonly Recorded<Event>[], signals: ReadonlySet<string>): Iterable<Finding> {
  const last = new Map<string, number>();
  for (const record of records) {
    const { subject, data, type } = record.value;
    const { before, after } = data as Partial<TriageChange>;
    if (!before || !after) continue;
    if (!signals.has(subject)) yield finding('phantom', nameOf(record), `${type} of a signal that was not opened`);
    yield* step(record, { what: 'triage version', before: last.get(subject) ?? 0, now: after.version });
    last.set(subject, Math.max(last.get(subject) ?? 0, after.version));
  }
}

function* step(
  record: Recorded<Event>,
  { what, before, now }: { readonly what: string; readonly before: number; readonly now: number },
): Iterable<Finding> {
  if (now > before + 1)
    yield finding('gap', nameOf(record), `${what} ${before} of ${record.value.subject} is followed by ${now}`);
  if (now === before)
    yield finding('duplicate', nameOf(record), `${what} ${now} of ${record.value.subject} was there before`);
  if (now < before)
    yield finding('reordered', nameOf(record), `${what} ${now} of ${record.value.subject} came after ${before}`);
}

/** What an event answers must be committed, and be what it says. */
function* cause(log: CommittedLog, record: Recorded<Event>): Iterable<Finding> {
  const { cause: claimed, by } = record.value;
  if (!claimed) return;
  const found = log.at({ ...claimed, number: claimed.offset });
  if (!found) yield finding('phantom', nameOf(record), `its cause ${placeOf(claimed)} is not in the log`);
  else if (
    found.topic === 'grouped-detections' &&
    claimed.digest !== undefined &&
    claimed.digest !== (found.value as Detection).id
  )
    yield finding('aborted-read', nameOf(record), `its cause ${placeOf(claimed)} is another detection`);
  else if (found.topic === 'commands' && by && by.commandId !== (found.value as Command).by.commandId)
    yield finding('aborted-read', nameOf(record), `its cause ${placeOf(claimed)} is another command`);
}

const placeOf = ({ topic, partition, offset }: Cause): string => `${topic}/${partition}@${offset}`;
