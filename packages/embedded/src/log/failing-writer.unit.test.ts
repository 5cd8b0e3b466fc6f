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

interface Failure {
  /** False: nothing was written. Otherwise the write happened, and the answer was lost on the way. */
  readonly written?: boolean;
  /** What is waited for before it is reported. */
  readonly when?: () => Promise<unknown>;
}

/** A store whose next write is reported as failed. */
function doubtful(clock?: () => number): {
  readonly log: EmbeddedLog;
  readonly store: SqliteStore;
  failNext(failure?: Failure): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-doubt-'));
  made.push(folder);
  const store = new SqliteStore(join(folder, 'log.db'));
  const commit = store.writer.commit.bind(store.writer);
  let failing: Failure | undefined;
  store.writer.commit = async (batch) => {
    const failure = failing;
    failing = undefined;
    if (failure?.written !== false) await commit(batch);
    if (!failure) return;
    await failure.when?.();
    throw new Error('the disk is full, or so it seems');
  };
  return {
    store,
    log: new EmbeddedLog({ store, ...(clock && { clock }) }),
    failNext: (failure = {}) => {
      failing = failure;
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
  let fail: (value?: unknown) => void = () => {};
  const when = new Promise((resolve) => {
    fail = resolve;
  });
  failNext({ when: () => when });
  const first = append(log, 'b');
  first.catch(() => {});
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  const onTop = append(log, 'c');
  onTop.catch(() => {});
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  fail();
  await expect(first).rejects.toMatchObject({ code: 'unavailable' });
  await expect(onTop).rejects.toMatchObject({ code: 'unavailable' });
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

it('hands out no offset that was given to what could not be written, even when the file could not be read either', async () => {
  const { log, store, failNext } = doubtful();
  const end = new AbortController();
  const running = log.run([counter as AnyProcessor], end.signal);
  await append(log, 'a');
  const lasts = store.lasts.bind(store);
  store.lasts = () => {
    store.lasts = lasts;
    throw new Error('disk I/O error');
  };
  failNext();
  await expect(append(log, 'b')).rejects.toMatchObject({ code: 'stopped' });
  await expect(running).rejects.toMatchObject({ code: 'stopped' });
  store.writer.commit = () => Promise.reject(new Error('gone'));
  const again = log.run([counter as AnyProcessor], end.signal);
  await expect(append(log, 'c')).rejects.toMatchObject({ code: 'unavailable' });
  end.abort();
  await again;
  await log.close();
});

it('runs a wake that a failed transaction had run, though nothing else happens', async () => {
  let now = 1_000_000;
  const { log, failNext } = doubtful(() => now);
  const reminder = {
    id: 'reminder',
    inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
    outputs: ['signals'],
    state: jsonCodec<number>(1),
    keys: ({ key }) => [key],
    step: (_, { key, value }) => ({ puts: new Map(value === 'remind' ? [[key, 1_003_000]] : []), out: [] }),
    wakeAt: (at) => at,
    wake: (key) => ({ puts: new Map([[key, undefined]]), out: [{ topic: 'signals', key, value: 'woke' }] }),
  } satisfies Processor<number> as AnyProcessor;
  const end = new AbortController();
  const running = log.run([reminder], end.signal);
  const woken = log
    .read({ topics: ['signals'], from: 'start', follow: true, signal: end.signal })
    [Symbol.asyncIterator]();
  await append(log, 'remind');
  now += 3_000;
  failNext({ written: false, when: () => nextTurn() });
  await expect(append(log, 'anything')).rejects.toMatchObject({ code: 'unavailable' });
  expect((await woken.next()).value).toMatchObject([{ value: 'woke' }]);
  end.abort();
  await running;
  await log.close();
});

it('lets others have their turn while appends come without a pause', async () => {
  const { log, store } = doubtful();
  const commit = store.writer.commit.bind(store.writer);
  store.writer.commit = async (batch) => {
    await commit(batch);
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
  };
  const appended: Promise<unknown>[] = [];
  let ended = false;
  const send = (): void => {
    if (ended) return;
    appended.push(append(log, 'x'));
    setImmediate(send);
  };
  send();
  for (let round = 0; round < 3; round += 1) {
    for (let turn = 0; turn < 200; turn += 1) await nextTurn();
    await log.idle();
  }
  ended = true;
  await Promise.all(appended);
  await log.close();
});
