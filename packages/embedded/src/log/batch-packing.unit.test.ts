import type { Recorded } from '@tocsin/core';
import Database from 'libsql';
import { expect, it } from 'vitest';
import { packed } from './batch-packing.ts';
import { SqliteWriter } from './sqlite-writer.js';

const record = (offset: number, value: string): { gid: number; record: Recorded; text: string } => ({
  gid: offset,
  record: { topic: 'signals', partition: 0, offset, seq: offset, key: `key ${offset}`, value, recordedAt: 7 },
  text: value,
});

it('cuts chunks apart where they were put together, empty texts and forgotten entries included', () => {
  const long = 'x'.repeat(9 * 1024 * 1024);
  const texts = ['short', long, '', 'é漢😀', long, 'end'];
  const db = new Database(':memory:');
  const writer = new SqliteWriter(db);
  writer.commit(
    packed({
      records: texts.map((text, offset) => record(offset, text)),
      puts: [
        { processor: 'p', key: 'kept', version: 1, wakeAt: 5, text: 'state' },
        { processor: 'p', key: 'gone', version: 0, wakeAt: undefined, text: undefined },
        { processor: 'q', key: 'empty', version: 2, wakeAt: undefined, text: '' },
      ],
      notes: new Map([['n', 'note']]),
    }),
  );
  const rows = db.prepare('SELECT key, value, occurred FROM "topic:signals" ORDER BY "offset"').all() as {
    key: string;
    value: string;
    occurred: number | null;
  }[];
  expect(rows.map(({ key }) => key)).toEqual(texts.map((_, offset) => `key ${offset}`));
  expect(rows.every(({ value }, offset) => value === texts[offset])).toBe(true);
  expect(rows.every(({ occurred }) => occurred === null)).toBe(true);
  expect(db.prepare('SELECT processor, key, version, wake_at, value FROM state ORDER BY key').raw().all()).toEqual([
    ['q', 'empty', 2, null, ''],
    ['p', 'kept', 1, 5, 'state'],
  ]);
  writer.close();
});
