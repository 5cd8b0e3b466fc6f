import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type AnyProcessor, jsonCodec, type Processor, type Recorded } from '@tocsin/core';
import { afterEach, expect, it } from 'vitest';
import { EmbeddedLog } from './embedded-log.ts';
import { SqliteStore } from './sqlite-store.ts';

const made: string[] = [];
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

const counter: Processor<number> = {
  id: 'signals',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals'],
  state: jsonCodec(1),
  keys: () => ['count'],
  step: (states) => {
    const count = (states.get('count') ?? 0) + 1;
    return { puts: new Map([['count', count]]), out: [{ topic: 'signals', key: 'k', value: count }] };
  },
};

/** A store whose next write happens, but is reported as failed: the answer was lost on the way. */
function doubtful(): { readonly log: EmbeddedLog; failNext(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-doubt-'));
  made.push(folder);
  const store = new SqliteStore(join(folder, 'log.db'));
  const commit = store.writer.commit.bind(store.writer);
  let failing = false;
  store.writer.commit = async (batch) => {
    await commit(batch);
    if (!failing) return;
    failing = false;
    throw new Error('the answer was lost');
  };
  return {
    log: new EmbeddedLog({ store }),
    failNext: () => {
      failing = true;
    },
  };
}

const append = (log: EmbeddedLog, value: string) =>
  log.append([{ topic: 'grouped-detections', key: 'k', value, shard: 0 }]);

it('goes on from what the file says after a write that failed and had happened all the same', async () => {
  const { log, failNext } = doubtful();
  const end = new AbortController();
  const running = log.run([counter as AnyProcessor], end.signal);
  const seen: Recorded[] = [];
  const following = (async () => {
    for await (const batch of log.read({ topics: ['signals'], from: 'start', follow: true, signal: end.signal })) {
      seen.push(...batch);
      if (seen.length === 3) end.abort();
    }
  })();
  await append(log, 'a');
  failNext();
  await expect(append(log, 'b')).rejects.toMatchObject({ code: 'unavailable', retryable: true });
  expect(await append(log, 'c')).toEqual([{ topic: 'grouped-detections', partition: 0, offset: 2 }]);
  await following;
  expect(seen.map(({ value, seq }) => [value, seq])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
  await running;
  await log.close();
});

it('gives up a transaction that was made on top of one that could not be written, and nothing else', async () => {
  const { log, failNext } = doubtful();
  const end = new AbortController();
  const running = log.run([counter as AnyProcessor], end.signal);
  await append(log, 'a');
  failNext();
  const first = append(log, 'b');
  const made = nextTurn().then(() => append(log, 'c'));
  await expect(first).rejects.toMatchObject({ code: 'unavailable' });
  await expect(made).rejects.toMatchObject({ code: 'unavailable' });
  await append(log, 'd');
  const signals: Recorded[] = [];
  const all = { topics: ['signals'], from: 'start', follow: false, signal: end.signal } as const;
  for await (const batch of log.read(all)) signals.push(...batch);
  expect(signals.map(({ value, seq }) => [value, seq])).toEqual([
    [1, 0],
    [2, 1],
    [3, 2],
  ]);
  end.abort();
  await running;
  await log.close();
});
