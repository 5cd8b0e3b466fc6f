import { type Positions, positionKey, type Recorded } from '@tocsin/core';
import { expect } from 'vitest';
import { committed, recordsOf } from './comparison.ts';
import type { EventLogCase, OpenedEventLog } from './harness.ts';
import { contentOf, item, many, mapper, withLog } from './scenario.ts';

/** Reads on until so many records have come. */
async function follow(
  opened: OpenedEventLog,
  from: Positions | 'start' | 'end',
  count: number,
): Promise<readonly Recorded[]> {
  const abort = new AbortController();
  const got: Recorded[] = [];
  for await (const batch of opened.log.read({
    topics: ['grouped-detections'],
    from,
    follow: true,
    signal: abort.signal,
  })) {
    got.push(...batch);
    if (got.length >= count) abort.abort();
  }
  return got;
}

/** Committed records from any position, in order; positions and ends. */
export const readCases: readonly EventLogCase[] = [
  {
    name: 'a reader goes on from positions, from the start and from the end',
    check: (harness) =>
      withLog(harness, async (opened) => {
        await opened.log.append(Array.from({ length: 20 }, (_, i) => item(i)));
        const all = await recordsOf(opened, 'grouped-detections');
        const from = { [positionKey('grouped-detections', 0)]: (all[11]?.offset ?? 0) + 1 };
        expect((await follow(opened, from, 8)).map(contentOf)).toEqual(Array.from({ length: 8 }, (_, i) => 12 + i));
        expect((await follow(opened, 'start', 20)).map(contentOf)).toEqual(Array.from({ length: 20 }, (_, i) => i));
        const ends = await opened.log.ends(['grouped-detections']);
        await opened.log.append([item('new')]);
        expect((await follow(opened, ends, 1)).map(contentOf)).toEqual(['new']);
      }),
  },
  {
    name: 'a reader that follows from the end gets what comes, and ends when it is told to',
    check: (harness) =>
      withLog(harness, async (opened) => {
        await opened.log.append([item('old')]);
        const reader = follow(opened, 'end', 3);
        await opened.settled();
        await opened.log.append([item(1), item(2)]);
        await opened.log.append([item(3)]);
        expect((await reader).map(contentOf)).toEqual([1, 2, 3]);
      }),
  },
  {
    name: 'a slow reader that follows gets each record once and in order, what comes meanwhile too',
    check: (harness) =>
      withLog(harness, async (opened) => {
        await opened.log.append(Array.from({ length: 1_200 }, (_, i) => item(i)));
        const abort = new AbortController();
        const got: unknown[] = [];
        let next = 1_200;
        const request = { topics: ['grouped-detections'], from: 'start', follow: true, signal: abort.signal } as const;
        const reading = (async () => {
          for await (const batch of opened.log.read(request)) {
            got.push(...batch.map(contentOf));
            if (next < 1_204) await opened.log.append([item(next++), item(next++)]);
            if (got.includes('last')) abort.abort();
          }
        })();
        while (got.length < 1_204) await new Promise((resolve) => setImmediate(resolve));
        await opened.log.append([item('last')]);
        await reading;
        expect(got).toEqual([...Array.from({ length: 1_204 }, (_, i) => i), 'last']);
      }),
  },
  {
    name: 'a reader that does not follow ends at the end that was there at its call',
    check: (harness) =>
      withLog(harness, async (opened) => {
        await opened.log.append(many(30));
        const request = {
          topics: ['grouped-detections'],
          from: 'start',
          follow: false,
          signal: new AbortController().signal,
        } as const;
        const reader = opened.log.read(request)[Symbol.asyncIterator]();
        const got: Recorded[] = [...((await reader.next()).value ?? [])];
        await opened.log.append(many(30, 100));
        for (let next = await reader.next(); !next.done; next = await reader.next()) got.push(...next.value);
        expect(got.map((one) => Number(contentOf(one))).sort((a, b) => a - b)).toEqual(
          Array.from({ length: 30 }, (_, i) => i),
        );
      }),
  },
  {
    name: 'records of a partition come in the order of their offsets, those of a key in the order of their appends',
    check: (harness) =>
      withLog(harness, async (opened) => {
        for (let turn = 0; turn < 20; turn++) await opened.log.append(many(15, turn * 15));
        const found = await recordsOf(opened, 'grouped-detections');
        for (let partition = 0; partition < opened.log.partitions; partition++) {
          const offsets = found.filter((one) => one.partition === partition).map(({ offset }) => offset);
          expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
        }
        for (let shard = 0; shard < 5; shard++) {
          const values = found.map((one) => Number(contentOf(one))).filter((v) => (v % 15) % 5 === shard);
          expect(values).toEqual([...values].sort((a, b) => a - b));
        }
      }),
  },
  {
    name: 'ends are at or after the last record, and the next record is at or after them',
    check: (harness) =>
      withLog(harness, async (opened) => {
        await opened.log.append(many(9));
        const ends = await opened.log.ends(['grouped-detections', 'signals']);
        const places = await opened.log.append(many(9));
        for (const { topic, partition, offset } of await recordsOf(opened, 'grouped-detections')) {
          const end = ends[positionKey(topic, partition)] ?? -1;
          const later = places.some((place) => place.partition === partition && place.offset === offset);
          expect(later ? offset >= end : offset < end).toBe(true);
        }
        expect(ends[positionKey('signals', 0)]).toBe(0);
      }),
  },
  {
    name: 'a reader sees committed records only: each seq once and in order, also while it is written',
    check: async (harness) => {
      for (let seed = 1; seed <= 5; seed++) await withLog(harness, concurrentReader, seed);
    },
  },
  {
    name: 'saved positions survive a crash, and belong to their reader',
    check: (harness) =>
      withLog(harness, async (opened) => {
        expect(await opened.log.positions('nobody')).toEqual({});
        await opened.log.save('worker', { 'deliveries/0': 7, 'attempts/0': 3 });
        await opened.log.save('worker', { 'deliveries/0': 9, 'attempts/0': 3 });
        await opened.log.save('other', { 'deliveries/0': 1 });
        await opened.crash();
        expect(await opened.log.positions('worker')).toEqual({ 'deliveries/0': 9, 'attempts/0': 3 });
        expect(await opened.log.positions('other')).toEqual({ 'deliveries/0': 1 });
      }),
  },
];

async function concurrentReader(opened: OpenedEventLog): Promise<void> {
  const abort = new AbortController();
  const seen: Recorded[] = [];
  const reading = (async () => {
    const request = { topics: ['signals'], from: 'start', follow: true, signal: abort.signal } as const;
    for await (const batch of opened.log.read(request)) seen.push(...batch);
  })();
  const run = opened.start([mapper({ map: (record) => [contentOf(record), 'second'] })]);
  for (let turn = 0; turn < 20; turn++) await opened.log.append(many(6, turn * 6));
  await opened.settled();
  await run.stop();
  abort.abort();
  await reading;
  for (let partition = 0; partition < opened.log.partitions; partition++) {
    const seqs = seen.filter((one) => one.partition === partition).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, i) => i));
  }
  const final = (await committed(opened, ['signals'])).get('signals') ?? [];
  expect(seen).toHaveLength(240);
  expect(new Set(seen.map(({ partition, offset }) => `${partition}@${offset}`))).toEqual(
    new Set(final.map(({ partition, offset }) => `${partition}@${offset}`)),
  );
}
