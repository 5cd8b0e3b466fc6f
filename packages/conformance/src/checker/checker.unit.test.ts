import { emptyLedger, type Event, type Recorded, signalUpdated, type TopicName } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { type Checked, type CheckReport, checkPipeline, reportText } from './checker.ts';
import { cleanRun, partition } from './clean-run.ts';
import type { FaultKind } from './finding.ts';

type Spoil = (run: Checked) => Checked;
const spoilRecords =
  (spoil: (records: Recorded[]) => readonly Recorded[]): Spoil =>
  (run) => ({ ...run, records: spoil([...run.records]) });
const place = (records: readonly Recorded[], topic: TopicName, nth = 3): number => {
  const all = records.flatMap((record, i) => (record.topic === topic ? [i] : []));
  return all[nth] ?? all[0] ?? 0;
};
const without = (topic: TopicName): Spoil =>
  spoilRecords((records) => records.filter((_, i) => i !== place(records, topic)));
const twice = (topic: TopicName): Spoil =>
  spoilRecords((records) => records.flatMap((one, i) => (i === place(records, topic) ? [one, one] : [one])));

/** As if it had been written once more: the same content in the next place. */
function again(topic: TopicName): Spoil {
  return spoilRecords((records) => {
    const all = records.filter((one) => one.topic === topic);
    const last = all.at(-1);
    const copy = all[2];
    if (!last || !copy) throw new Error(`too few records of ${topic}`);
    const seq = last.seq === undefined ? {} : { seq: last.seq + 1 };
    return [...records, { ...copy, offset: last.offset + 1, ...seq }];
  });
}

const swapped = (topic: TopicName): Spoil =>
  spoilRecords((records) => {
    const [a, b] = [place(records, topic, 2), place(records, topic, 3)];
    const [first, second] = [records[a], records[b]];
    if (first && second) [records[a], records[b]] = [second, first];
    return records;
  });

const changed = (topic: TopicName, change: (record: Recorded, all: readonly Recorded[]) => unknown): Spoil =>
  spoilRecords((records) =>
    records.map((one, i) => (i === place(records, topic) ? { ...one, value: change(one, records) } : one)),
  );

const withEvent = (record: Recorded, change: Partial<Event>): Event => ({ ...(record.value as Event), ...change });

const planted: readonly (readonly [string, FaultKind, Spoil])[] = [
  ['a detection that was acknowledged is not there', 'lost', without('grouped-detections')],
  [
    'positions committed before the outputs: a signal event is missing at the end',
    'lost',
    spoilRecords((records) =>
      records.filter(({ topic }, i) => topic !== 'signals' || i < place(records, 'signals', 9)),
    ),
  ],
  ['a detection is counted in no signal', 'lost', again('grouped-detections')],
  [
    'a delivery that nobody ends',
    'lost',
    spoilRecords((records) =>
      records.filter(
        ({ topic, value }) =>
          topic !== 'attempts' || (value as { data: { verdict: string } }).data.verdict !== 'delivered',
      ),
    ),
  ],
  ['a reader gets a record twice', 'duplicate', twice('signals')],
  ['outputs committed before the positions: an event is written twice', 'duplicate', again('triage-events')],
  ['a delivery instruction is written twice', 'duplicate', again('deliveries')],
  ['an event has two audit records', 'duplicate', again('audit')],
  ['a reader gets records out of order', 'reordered', swapped('grouped-detections')],
  ['numbers of signals come out of order', 'reordered', swapped('signals')],
  ['an event is skipped', 'gap', without('signals')],
  ['a triage event is skipped', 'gap', without('triage-events')],
  ['an audit record is skipped', 'gap', without('audit')],
  ['an instruction is skipped', 'gap', without('deliveries')],
  ['an event without its audit record', 'torn', without('audit')],
  [
    'an audit record is changed',
    'torn',
    changed('audit', ({ value }) => String(value).replace('"status":"info"', '"status":"warn"')),
  ],
  [
    'the ledger was committed without the signals',
    'torn',
    (run) => ({ ...run, ledger: { ...emptyLedger, accepted: run.ledger?.accepted ?? 0, inSignals: 1 } }),
  ],
  ['a detection that nobody sent', 'phantom', (run) => ({ ...run, sent: { acknowledged: [], possible: ['d-0-0'] } })],
  [
    'an event without a cause in the log',
    'phantom',
    changed('signals', (record) =>
      withEvent(record, { cause: { topic: 'grouped-detections', partition, offset: 9_999 } }),
    ),
  ],
  [
    'an update of a signal that was never opened',
    'phantom',
    spoilRecords((records) => {
      const last = records.filter(({ topic }) => topic === 'signals').at(-1);
      const about = { id: 'x', org: 'main', subject: 'sig-nobody', at: 1 };
      const data = {
        revision: 2,
        firstSeen: 1,
        lastSeen: 1,
        count: 0,
        sourceStatus: 'active',
        newEntities: [],
        newTags: [],
        newSamples: [],
      } as const;
      return last
        ? [
            ...records,
            {
              ...last,
              offset: last.offset + 1,
              seq: (last.seq ?? 0) + 1,
              value: signalUpdated.make({ ...about, data }),
            },
          ]
        : records;
    }),
  ],
  [
    'a report on a delivery that was not asked for',
    'phantom',
    changed('attempts', (record) =>
      withEvent(record, { data: { ...(record.value as { data: object }).data, lease: 7 } }),
    ),
  ],
  [
    'an event decided on a detection of an aborted transaction',
    'aborted-read',
    changed('signals', (record) =>
      withEvent(record, { cause: { topic: 'grouped-detections', partition, offset: 0, digest: 'other' } }),
    ),
  ],
  [
    'an audit record tells of an event that was aborted',
    'aborted-read',
    changed('triage-events', (record) => withEvent(record, { id: 'another' })),
  ],
];

const check = (run: Checked): CheckReport => checkPipeline(run);

describe('the checker', () => {
  it('finds nothing in a run without faults, and its balance holds', () => {
    const report = check(cleanRun());
    expect(reportText(report)).toMatch(
      /^lost 0, duplicate 0, reordered 0, gap 0, torn 0, phantom 0, aborted-read 0\naccepted (\d+) = in signals \1 /,
    );
    expect(report.clean).toBe(true);
    expect(report.balance.accepted).toBeGreaterThan(50);
  });

  // A checker that never failed proves nothing.
  for (const [what, kind, spoil] of planted)
    it(`calls it ${kind}: ${what}`, () => {
      const report = check(spoil(cleanRun()));
      expect(report.counts[kind], reportText(report)).toBeGreaterThan(0);
      expect(report.clean).toBe(false);
    });

  it('allows what is promised at least once: repeated detections, repeated reports', () => {
    const run = cleanRun();
    const repeated = again('grouped-detections')(again('attempts')(run));
    const ledger = { ...(run.ledger ?? emptyLedger), accepted: (run.ledger?.accepted ?? 0) + 1, duplicates: 1 };
    expect(reportText(check({ ...repeated, ledger }))).toContain(
      'lost 0, duplicate 0, reordered 0, gap 0, torn 0, phantom 0, aborted-read 0',
    );
  });
});
