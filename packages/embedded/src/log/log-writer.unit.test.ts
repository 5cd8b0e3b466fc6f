import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedLog } from './embedded-log.ts';
import { packed } from './batch-packing.ts';
import { WriterThread } from './log-writer.ts';
import type { Placed } from './segment.ts';
import { SqliteStore } from './sqlite-store.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tocsin-writer-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('tells whoever watches the log that its writer thread is dead', async () => {
  // A thread that cannot open its file ends with an error.
  const writer = new WriterThread(join(folder, 'nowhere', 'log.db'));
  const log = new EmbeddedLog({ store: Object.assign(new SqliteStore(':memory:'), { writer }) });
  await expect(log.watch(new AbortController().signal)).rejects.toThrow();
  await expect(log.watch(new AbortController().signal)).rejects.toThrow();
  await log.close();
});

it('says nothing of a thread that was told to end', async () => {
  const store = new SqliteStore(join(folder, 'log.db'));
  const log = new EmbeddedLog({ store });
  const end = new AbortController();
  const watching = log.watch(end.signal);
  await log.close();
  expect(store.writer.broken.aborted).toBe(false);
  end.abort();
  await watching;
});

it('keeps the write-ahead log small while it writes without a pause, and leaves an empty one behind', async () => {
  const path = join(folder, 'log.db');
  const store = new SqliteStore(path);
  const text = 'x'.repeat(64 * 1024);
  let largest = 0;
  for (let transaction = 0; transaction < 200; transaction += 1) {
    const records = Array.from({ length: 8 }, (_, n): Placed => {
      const offset = transaction * 8 + n;
      return {
        gid: offset,
        record: { topic: 'audit', partition: 0, offset, key: 'k', value: text, recordedAt: 0 },
        text,
      };
    });
    await store.writer.commit(packed({ records, puts: [], notes: new Map() }));
    largest = Math.max(largest, statSync(`${path}-wal`).size);
  }
  expect(largest).toBeLessThan(64 * 1024 * 1024);
  await store.close();
  expect(statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0).toBe(0);
});
