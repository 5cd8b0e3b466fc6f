import { type AnyProcessor, jsonCodec, type Processor } from '@tocsin/core';
import { expect } from 'vitest';
import { recordsOf } from './comparison.ts';
import type { EventLogCase, OpenedEventLog } from './harness.ts';
import { contentOf, item, mapper, signals, withLog } from './scenario.ts';
import { testControl, testTable } from './test-processor.ts';

/** What a later run goes on from: state, positions, tables. */
export const restartCases: readonly EventLogCase[] = [
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
