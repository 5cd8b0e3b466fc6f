import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { packed } from './batch-packing.ts';
import { type Placed, segmentsOf } from './segment.ts';
import { SqliteStore } from './sqlite-store.ts';

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

const placed = (offset: number, text: string, topic: 'audit' | 'attempts' = 'audit'): Placed => ({
  gid: 3 * offset,
  text,
  record: {
    topic,
    partition: 0,
    offset,
    key: `key ${offset}`,
    value: topic === 'audit' ? text : (JSON.parse(text) as unknown),
    recordedAt: 7 + offset,
    ...(topic === 'audit' ? { seq: offset } : { occurredAt: -offset }),
  },
});

async function stored(...transactions: readonly (readonly Placed[])[]): Promise<SqliteStore> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-segments-'));
  made.push(folder);
  const store = new SqliteStore(join(folder, 'log.db'));
  for (const records of transactions) await store.writer.commit(packed({ records, puts: [], notes: new Map() }));
  return store;
}

it('gives back what was written, from any offset on and up to any limit, across transactions', async () => {
  const texts = ['short', 'x'.repeat(300_000), '', 'é漢😀\n', '\n', 'y'.repeat(300_000), 'end'];
  const all = texts.map((text, offset) => placed(offset, text));
  const store = await stored(all.slice(0, 3), all.slice(3, 4), all.slice(4));
  for (let from = 0; from <= all.length; from += 1)
    for (const limit of [1, 2, 100]) expect(store.records('audit', from, limit)).toEqual(all.slice(from, from + limit));
  expect(store.lasts()).toEqual([all.at(-1)]);
  await store.close();
});

it('keeps topics apart, whatever the order in which one transaction wrote them', async () => {
  const audit = [0, 1, 2].map((offset) => placed(offset, `line ${offset}`));
  const attempts = [0, 1].map((offset) => placed(offset, `{"n":${offset}}`, 'attempts'));
  const store = await stored(
    [audit[0], attempts[0], audit[1], attempts[1], audit[2]].filter((one) => one !== undefined),
  );
  expect(store.records('audit', 0, 10)).toEqual(audit);
  expect(store.records('attempts', 1, 10)).toEqual(attempts.slice(1));
  await store.close();
});

it('reads many small transactions in one go', async () => {
  const all = Array.from({ length: 100 }, (_, offset) => placed(offset, `${offset}`));
  const store = await stored(...all.map((one) => [one]));
  expect(store.records('audit', 3, 90)).toEqual(all.slice(3, 93));
  expect(store.records('audit', 99, 90)).toEqual(all.slice(99));
  await store.close();
});

it('does not make one row of a flood', () => {
  const all = Array.from({ length: 40 }, (_, offset) => placed(offset, 'z'.repeat(64 * 1024)));
  const segments = segmentsOf(all);
  expect(segments.length).toBe(10);
  expect(segments.reduce((sum, { count }) => sum + count, 0)).toBe(40);
  expect(Math.max(...segments.map(({ body }) => body.length))).toBeLessThan(300 * 1024);
});
