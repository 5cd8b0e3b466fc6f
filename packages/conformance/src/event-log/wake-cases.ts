import { hour } from '@tocsin/core';
import { expect } from 'vitest';
import { expectFolded } from './comparison.ts';
import type { EventLogCase, OpenedEventLog } from './harness.ts';
import { alarm, item, signals, withLog } from './scenario.ts';
import { testProcessor } from './test-processor.ts';

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

/** Wakes: their times, their order, silence, backlog. */
export const wakeCases: readonly EventLogCase[] = [...waking, ...chains];
