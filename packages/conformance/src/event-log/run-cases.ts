import { type AnyProcessor, hour, jsonCodec, LogError, type Processor } from '@tocsin/core';
import { expect } from 'vitest';
import type { Case } from '../suite.ts';
import { expectFolded, recordsOf } from './comparison.ts';
import type { EventLogCapability, EventLogHarness, OpenedEventLog, Running } from './harness.ts';
import { alarm, item, mapper, contentOf, withLog } from './scenario.ts';
import { testControl, testProcessor, testTable } from './test-processor.ts';

type EventLogCase = Case<EventLogHarness, EventLogCapability>;

async function stoppedBy(opened: OpenedEventLog, { done }: Running): Promise<LogError> {
  const ended = done.then(
    () => 'ended',
    (reason: unknown) => reason,
  );
  const outcome = await Promise.race([ended, opened.settled().then(() => 'goes on')]);
  expect(outcome).toBeInstanceOf(LogError);
  return outcome as LogError;
}
const signals = async (opened: OpenedEventLog): Promise<readonly unknown[]> =>
  (await recordsOf(opened, 'signals')).map(contentOf);
const afterOf = (record: { readonly value: unknown }) => Number((record.value as { readonly v: number }).v);

const waking: readonly EventLogCase[] = [
  {
    name: 'wakes run in the order of their times, then of their keys, each at its own time',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const start = opened.now();
        const run = opened.start([alarm({ afterMs: afterOf })]);
        await opened.log.append([item(90_000, { key: 'z' }), item(30_000, { key: 'c' }), item(90_000, { key: 'a' })]);
        await opened.settled();
        opened.advance(hour);
        await opened.settled();
        const wakes = (await signals(opened)).filter((v) => String(v).startsWith('wake'));
        expect(wakes).toEqual([`wake c ${start + 30_000}`, `wake a ${start + 90_000}`, `wake z ${start + 90_000}`]);
        await run.stop();
      }),
  },
  {
    name: 'a due wake runs before the next record of its task, at its own time',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const start = opened.now();
        const run = opened.start([alarm({ afterMs: () => 60_000, again: 1 })]);
        await opened.log.append([item(1, { key: 'a' })]);
        await opened.settled();
        opened.advance(hour);
        await opened.log.append([item(1, { key: 'b' })]);
        await opened.settled();
        expect((await signals(opened)).slice(1)).toEqual([
          `wake a ${start + 60_000}`,
          `wake a ${start + 61_000}`,
          `record b ${start + hour}`,
        ]);
        await run.stop();
      }),
  },
  {
    name: 'a record that is due exactly at a wake comes after it; one millisecond before, ahead of it',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const run = opened.start([alarm({ afterMs: () => 60_000 })]);
        await opened.log.append([item(1, { key: 'a' })]);
        opened.advance(59_999);
        await opened.log.append([item(1, { key: 'b' })]);
        opened.advance(1);
        await opened.log.append([item(1, { key: 'c' })]);
        await opened.settled();
        expect((await signals(opened)).map((v) => String(v).slice(0, 8))).toEqual(
          ['record a', 'record b', 'wake a 1', 'record c'].map((v) => v.slice(0, 8)),
        );
        await run.stop();
      }),
  },
  {
    name: 'wakes run in silence, and not before their time',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const run = opened.start([alarm({ afterMs: () => 60_000, again: 2 })]);
        await opened.log.append([item(1)]);
        await opened.settled();
        opened.advance(59_999);
        await opened.settled();
        expect(await signals(opened)).toHaveLength(1);
        opened.advance(1);
        await opened.settled();
        expect(await signals(opened)).toHaveLength(2);
        opened.advance(2_000);
        await opened.settled();
        expect(await signals(opened)).toHaveLength(4);
        await run.stop();
      }),
  },
  {
    name: 'thousands of wakes of one instant all run, in the order of their keys, after a restart too',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const keys = Array.from({ length: 2_500 }, (_, i) => `k${String((i * 7_919) % 10_007).padStart(5, '0')}`);
        const processors = [alarm({ afterMs: afterOf, again: 1 })];
        opened.start(processors);
        await opened.log.append(keys.map((key, i) => item(i === 9 ? 59_000 : 60_000, { key })));
        await opened.settled();
        await opened.crash();
        const run = opened.start(processors);
        opened.advance(61_000);
        await opened.settled();
        await run.stop();
        const woken = (await signals(opened)).slice(keys.length).map((v) => String(v).split(' ')[1]);
        const [early] = keys.slice(9);
        const sorted = [...keys].sort();
        // It is woken again at the instant of the others.
        expect(woken).toEqual([early, ...sorted, ...sorted.filter((key) => key !== early)]);
      }),
  },
  {
    name: 'after hours of backlog it decides as if it had never stopped',
    check: async (harness) => {
      const histories: (readonly unknown[])[] = [];
      for (const steady of [true, false])
        await withLog(harness, async (opened) => void histories.push(await backlog(opened, steady)));
      expect(histories[1]).toEqual(histories[0]);
      expect(histories[0]?.filter((v) => String(v).startsWith('wake')).length).toBeGreaterThan(8);
    },
  },
];

/** The same appends at the same times, with the processor at work or away. */
async function backlog(opened: OpenedEventLog, steady: boolean): Promise<readonly unknown[]> {
  const processors = [alarm({ afterMs: () => 45_000, again: 1 })];
  const start = opened.now();
  let run = steady ? opened.start(processors) : undefined;
  for (let turn = 0; turn < 12; turn++) {
    await opened.log.append([item(turn, { key: `k${turn % 3}` }), item(turn, { key: `m${turn % 4}` })]);
    if (steady) await opened.settled();
    if (steady && turn === 6) {
      await opened.crash();
      run = opened.start(processors);
    }
    opened.advance(turn * 7_000);
  }
  run ??= opened.start(processors);
  opened.advance(2 * hour);
  await opened.settled();
  await run.stop();
  return (await signals(opened)).map((v) => String(v).replace(/\d+$/, (at) => String(Number(at) - start)));
}

const stopping: readonly EventLogCase[] = [
  {
    name: 'a step that throws stops the run, names processor and record, and leaves nothing behind; mended, it goes on there',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const broken = mapper({
          map(record) {
            if (contentOf(record) === 'poison') throw new Error('cannot do this one');
            return [contentOf(record)];
          },
        });
        await opened.log.append([item(1), item('poison'), item(3)]);
        const error = await stoppedBy(opened, opened.start([broken]));
        expect(error.code).toBe('stopped');
        expect(error.message).toMatch(/test-mapper.*grouped-detections\/0@\d+.*cannot do this one/);
        expect((await signals(opened)).filter((v) => v !== 1)).toEqual([]);
        const mended = opened.start([mapper({ map: (record, _, count) => [contentOf(record), count] })]);
        await opened.settled();
        expect((await signals(opened)).slice(-4)).toEqual(['poison', 2, 3, 3]);
        await mended.stop();
      }),
  },
  {
    name: 'a bad record becomes a dead letter in the place of its step, with its coordinates and its value',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const picky = mapper({
          map: (record) => [contentOf(record)],
          bad: (value) => ((value as { v: unknown }).v === 'bad' ? 'it says so' : undefined),
        });
        const [, place] = await opened.log.append([item(1), item('bad'), item(3)]);
        const run = opened.start([picky]);
        await opened.settled();
        await opened.crash();
        const again = opened.start([picky]);
        await opened.settled();
        const dead = await recordsOf(opened, 'test-mapper.dead');
        expect(dead.map(({ seq, value }) => [seq, (value as { data: unknown }).data])).toEqual([
          [
            0,
            {
              processor: 'test-mapper',
              reason: 'it says so',
              topic: 'grouped-detections',
              partition: 0,
              offset: place?.offset,
              key: 'a',
              value: { v: 'bad' },
            },
          ],
        ]);
        expect(await signals(opened)).toEqual([1, 3]);
        await again.stop();
        run.stop().catch(() => {});
      }),
  },
  {
    name: 'a bad record of our own stops the run and is named',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const strict = mapper({ map: () => [], onBad: 'stop', bad: () => 'not readable' });
        await opened.log.append([item(1)]);
        const error = await stoppedBy(opened, opened.start([strict]));
        expect([error.code, /test-mapper.*grouped-detections\/0@\d+.*not readable/.test(error.message)]).toEqual([
          'stopped',
          true,
        ]);
        expect(await recordsOf(opened, 'test-mapper.dead')).toEqual([]);
      }),
  },
  {
    name: 'a processor that writes a topic which it did not declare is stopped',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const intruder = { ...mapper({ map: () => ['mine'] }), outputs: ['deliveries' as const] };
        await opened.log.append([item(1)]);
        expect((await stoppedBy(opened, opened.start([intruder]))).code).toBe('stopped');
        expect(await signals(opened)).toEqual([]);
      }),
  },
  {
    name: 'an aborted run commits what is in flight, and the next one goes on from there',
    check: async (harness) => {
      const processors = [mapper({ map: (record, _, count) => [contentOf(record), count] })];
      for (let seed = 1; seed <= 5; seed++)
        await withLog(
          harness,
          async (opened) => {
            for (let turn = 0; turn < 6; turn++) {
              const run = opened.start(processors);
              await opened.log.append([item(turn), item(turn + 100, { key: 'b', shard: 1 })]);
              await run.stop();
            }
            const last = opened.start(processors);
            await opened.settled();
            await last.stop();
            await expectFolded(opened, processors);
            expect(await signals(opened)).toHaveLength(24);
          },
          seed,
        );
    },
  },
];

const restarting: readonly EventLogCase[] = [
  {
    name: 'a processor that is added later reads from the beginning, and then along with the others',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const first = mapper({ map: (record) => [contentOf(record), contentOf(record)] });
        const second = mapper({
          id: 'test-later',
          inputs: ['signals'],
          output: 'deliveries',
          map: (record, _, count) => [`${contentOf(record)} ${count}`],
        });
        const alone = opened.start([first]);
        await opened.log.append([item(1), item(2)]);
        await opened.settled();
        await alone.stop();
        const both = opened.start([first, second]);
        await opened.log.append([item(3)]);
        await opened.settled();
        await both.stop();
        const deliveries = (await recordsOf(opened, 'deliveries')).map(contentOf);
        expect(deliveries).toEqual(['1 1', '1 2', '2 3', '2 4', '3 5', '3 6']);
        expect(await signals(opened)).toEqual([1, 1, 2, 2, 3, 3]);
      }),
  },
  {
    name: 'the same state serves a list that runs fused and processors that run apart',
    needs: 'apart',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const first = mapper({ map: (_, __, count) => [count] });
        const second = mapper({
          id: 'test-second',
          inputs: ['signals'],
          output: 'deliveries',
          map: (record, _, count) => [`${contentOf(record)} ${count}`],
        });
        for (const lists of [[[first, second]], [[first], [second]], [[first, second]], [[second], [first]]]) {
          const runs = lists.map((processors) => opened.start(processors));
          await opened.log.append([item('x'), item('y')]);
          await opened.settled();
          for (const run of runs) await run.stop();
        }
        const numbers = Array.from({ length: 8 }, (_, i) => `${i + 1} ${i + 1}`);
        expect((await recordsOf(opened, 'deliveries')).map(contentOf)).toEqual(numbers);
      }),
  },
  {
    name: 'a new release reads the state of the old one',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const old = mapper({ map: (_, __, count) => [count] });
        const renewed: AnyProcessor = {
          ...old,
          state: jsonCodec<unknown>(2, (count, version) => Number(count) + 1_000 * version),
        };
        const before = opened.start([old]);
        await opened.log.append([item(1), item(2)]);
        await opened.settled();
        await before.stop();
        const after = opened.start([renewed]);
        await opened.log.append([item(3), item(4)]);
        await opened.settled();
        await after.stop();
        expect(await signals(opened)).toEqual([1, 2, 1_003, 1_004]);
      }),
  },
  {
    name: 'a task sees each version of a table once it has got there, and never an older one again, restarts included',
    check: async (harness) => {
      for (let seed = 1; seed <= 5; seed++) await withLog(harness, tableVersions, seed);
    },
  },
];

async function tableVersions(opened: OpenedEventLog): Promise<void> {
  const lists = [[testControl, versions]];
  let runs = lists.map((processors) => opened.start(processors));
  for (let turn = 0; turn < 10; turn++) {
    await opened.log.append([
      item(turn, { topic: 'config-commands' }),
      item(turn),
      item(turn, { shard: 1 }),
      item(turn, { shard: 3 }),
    ]);
    if (turn % 2 === 0) await opened.settled();
    if (turn % 3 !== 2) continue;
    await opened.crash();
    runs = lists.map((processors) => opened.start(processors));
  }
  await opened.settled();
  await opened.log.append([item('last'), item('last', { shard: 1 }), item('last', { shard: 3 })]);
  await opened.settled();
  for (const run of runs) await run.stop();
  const found = await recordsOf(opened, 'signals');
  for (let partition = 0; partition < opened.log.partitions; partition++) {
    const seen = found
      .filter((one) => one.partition === partition)
      .map((one) => contentOf(one) as { version: number; changes: number });
    for (const [i, { version, changes }] of seen.entries()) {
      expect(changes).toBe(version + 1);
      expect(version).toBeGreaterThanOrEqual(seen[i - 1]?.version ?? -1);
    }
    if (seen.length > 0) expect(seen.at(-1)?.version).toBe(9);
  }
}

/** Tells the version and the value of the table that it sees at each record. */
const versions = {
  id: 'test-versions',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals'],
  tables: [testTable],
  state: jsonCodec<null>(1),
  keys: () => [],
  step(_, { key }, { tables }) {
    const { version, value } = tables.get(testTable);
    return { puts: new Map(), out: [{ topic: 'signals', key, value: { v: { version, ...value } } }] };
  },
} satisfies Processor<null> as AnyProcessor;

/** Many wakes of many processors at once, the oracle deciding. */
const chains: readonly EventLogCase[] = [
  {
    name: 'what wakes write reaches the other processors of the list in the order in which it was written',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const about = { spread: 3, shared: false, rearm: 1, forgetAt: 99, table: false } as const;
        const list = [
          testProcessor({
            ...about,
            id: 'test-0',
            inputs: ['attempts'],
            output: 'signals',
            fanOut: 1,
            delayMs: 30_000,
          }),
          testProcessor({
            ...about,
            id: 'test-1',
            inputs: ['signals'],
            output: 'triage-events',
            fanOut: 2,
            delayMs: undefined,
          }),
          testProcessor({
            ...about,
            id: 'test-2',
            inputs: ['signals', 'triage-events'],
            output: 'deliveries',
            fanOut: 1,
            delayMs: 60_000,
            shared: true,
          }),
        ];
        const run = opened.start(list);
        for (let turn = 0; turn < 6; turn++) {
          await opened.log.append(['p', 'q', 'r', 's'].map((key) => item(turn, { topic: 'attempts', key })));
          await opened.settled();
          opened.advance(50_000);
          await opened.settled();
        }
        await run.stop();
        await expectFolded(opened, list);
      }),
  },
];

/** Running processors: wakes, stops, restarts. */
export const runCases: readonly EventLogCase[] = [...waking, ...stopping, ...restarting, ...chains];
