import {
  auditRecordOf,
  canonical,
  deliveryAttempted,
  deliveryRequested,
  emptyLedger,
  type Event,
  genesisHash,
  type Json,
  type Recorded,
  type SignalOpened,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import { historyOf, sha256 } from '../read-model/history.ts';
import type { Checked } from './checker.ts';

/** All of it happens in one partition. */
export const partition = 0;

/** A small run without faults, written by hand: detections, signals, triage, deliveries, attempts and their audit trail. */
class Run {
  readonly records: Recorded[] = [];
  readonly #ends = new Map<TopicName, number>();
  #head = genesisHash;

  write(topic: TopicName, key: string, value: unknown): Recorded {
    const offset = this.#ends.get(topic) ?? 0;
    this.#ends.set(topic, offset + 1);
    const one = topicShape(topic).writers === 'one' ? { seq: offset } : {};
    const record: Recorded = { topic, partition, offset, key, value, recordedAt: 1_000 + offset, ...one };
    this.records.push(record);
    if (topicShape(topic).audited) this.audit(record as Recorded<Event>);
    return record;
  }

  audit(record: Recorded<Event>): void {
    const place = { stream: 'audit-0', seq: this.#ends.get('audit') ?? 0, prevHash: this.#head };
    const text = canonical(auditRecordOf(record, place) as unknown as Json);
    this.#head = sha256(text);
    this.write('audit', record.key, text);
  }
}

/** What the checker must find nothing in. */
export function cleanRun(): Checked {
  const run = new Run();
  const { views, records } = historyOf({ seed: 5, signals: 8, partitions: 1 });
  for (const { topic, value, key } of records) {
    if (topic === 'audit') continue;
    const event = value as Event;
    const cause = topic === 'signals' ? detected(run, event, views) : undefined;
    run.write(topic, key, { ...event, ...(cause && { cause }) });
    if (event.type === 'signal.opened') deliver(run, event as SignalOpened);
  }
  const ids = run.records
    .filter(({ topic }) => topic === 'grouped-detections')
    .map(({ value }) => (value as { id: string }).id);
  const inSignals = views.reduce((sum, { count }) => sum + count, 0);
  return {
    records: run.records,
    sent: { acknowledged: ids, possible: ids },
    ledger: { ...emptyLedger, accepted: inSignals, inSignals },
    deliveriesEnded: true,
  };
}

/** The detections that an event has counted: the last of them is its cause. */
function detected(run: Run, event: Event, views: readonly { readonly id: string }[]) {
  const { count = 0, signal } = event.data as { count?: number; signal?: { count: number } };
  const have = run.records.filter(({ topic, key }) => topic === 'grouped-detections' && key === event.subject).length;
  let last: Recorded | undefined;
  for (let n = have; n < (signal?.count ?? count); n++)
    last = run.write('grouped-detections', event.subject, {
      id: `d-${views.findIndex(({ id }) => id === event.subject)}-${n}`,
    });
  return last && { topic: last.topic, partition, offset: last.offset, digest: (last.value as { id: string }).id };
}

function deliver(run: Run, { data: signal, subject, org }: SignalOpened): void {
  const deliveryId = `d-${subject}`;
  const about = { org, subject, at: 1 };
  const message = {
    deliveryId,
    kind: 'opened',
    signalId: subject,
    title: signal.title,
    severity: signal.severity,
    summary: '',
    link: '',
    at: 1,
    rule: { id: 'r', name: 'r' },
    signal: {},
  } as const;
  for (const attempt of [1, 2]) {
    const part = { deliveryId, signalId: subject, sink: 's', attempt, lease: 1 };
    const data = { ...part, dueAt: 1, leaseUntil: 2, configVersion: 0, message, remembered: {} };
    run.write('deliveries', subject, deliveryRequested.make({ ...about, id: `${deliveryId}-${attempt}-1`, data }));
    const told = {
      ...part,
      verdict: attempt === 1 ? ('retry' as const) : ('delivered' as const),
      startedAt: 1,
      tookMs: 1,
    };
    run.write('attempts', subject, deliveryAttempted.make({ ...about, id: `${deliveryId}-${attempt}-1`, data: told }));
  }
}
