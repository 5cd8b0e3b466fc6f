import { LogError } from '@tocsin/core';
import { expect } from 'vitest';
import { expectFolded, recordsOf } from './comparison.ts';
import type { EventLogCase, OpenedEventLog, Running } from './harness.ts';
import { contentOf, item, mapper, signals, withLog } from './scenario.ts';

async function stoppedBy(opened: OpenedEventLog, { done }: Running): Promise<LogError> {
  const ended = done.then(
    () => 'ended',
    (reason: unknown) => reason,
  );
  const outcome = await Promise.race([ended, opened.settled().then(() => 'goes on')]);
  expect(outcome).toBeInstanceOf(LogError);
  return outcome as LogError;
}
/** Bad records, throwing steps, aborted runs. */
export const stopCases: readonly EventLogCase[] = [
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
