import { expect, it } from 'vitest';
import { PendingAppends, prepare, settle } from './pending-appends.ts';

const detection = (value: string) => prepare({ topic: 'grouped-detections', key: 'k', shard: 0, value });

it('hands out what waits in order, and keeps the rest when working on it takes long', async () => {
  const pending = new PendingAppends();
  const done = ['a', 'b', 'c'].map((value) => pending.add({ records: [detection(value)], notes: [] }));
  const taken: string[] = [];
  for (const { records } of pending.take()) {
    taken.push(...records.map(({ text }) => text));
    for (const end = performance.now() + 20; performance.now() < end; );
  }
  expect(taken).toEqual(['"a"']);
  expect(pending.empty).toBe(false);
  const rest = [...pending.take()];
  expect(rest.flatMap(({ records }) => records.map(({ text }) => text))).toEqual(['"b"', '"c"']);
  expect(pending.empty).toBe(true);
  settle(rest, [[{ topic: 'grouped-detections', partition: 0, offset: 1 }]], undefined);
  expect(await Promise.all(done.slice(1))).toEqual([[{ topic: 'grouped-detections', partition: 0, offset: 1 }], []]);
});

it('lets go of what was handed out even when whoever took it failed', () => {
  const pending = new PendingAppends();
  pending.add({ records: [detection('a')], notes: [] }).catch(() => {});
  expect(() => {
    for (const _ of pending.take()) throw new Error('a processor stopped');
  }).toThrow();
  expect(pending.empty).toBe(true);
});

it('refuses to wait for more than fits into memory', () => {
  const pending = new PendingAppends();
  const large = detection('x'.repeat(900_000));
  for (let n = 0; n < 150; n += 1) void pending.add({ records: [large], notes: [] });
  expect(pending.refusal([detection('y')])?.code).toBe('unavailable');
});
