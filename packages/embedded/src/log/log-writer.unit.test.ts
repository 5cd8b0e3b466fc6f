import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { EmbeddedLog } from './embedded-log.ts';
import { WriterThread } from './log-writer.ts';
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
