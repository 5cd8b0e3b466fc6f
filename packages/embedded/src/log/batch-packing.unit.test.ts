import Database from 'libsql';
import { expect, it } from 'vitest';
import { packed } from './batch-packing.ts';
import { SqliteWriter } from './sqlite-writer.js';

it('cuts texts apart where they were put together, empty ones and forgotten entries included', () => {
  const db = new Database(':memory:');
  const writer = new SqliteWriter(db);
  writer.commit(
    packed({
      records: [],
      puts: [
        { processor: 'p', key: 'kept', version: 1, wakeAt: 5, text: 'stäte 漢😀' },
        { processor: 'p', key: 'gone', version: 0, wakeAt: undefined, text: undefined },
        { processor: 'q', key: 'empty', version: 2, wakeAt: undefined, text: '' },
        { processor: 'q', key: 'last', version: 3, wakeAt: undefined, text: 'end' },
      ],
      notes: new Map([['n', 'note']]),
    }),
  );
  expect(db.prepare('SELECT processor, key, version, wake_at, value FROM state ORDER BY key').raw().all()).toEqual([
    ['q', 'empty', 2, null, ''],
    ['p', 'kept', 1, 5, 'stäte 漢😀'],
    ['q', 'last', 3, null, 'end'],
  ]);
  expect(db.prepare('SELECT name, value FROM note').raw().all()).toEqual([['n', 'note']]);
  writer.close();
});
