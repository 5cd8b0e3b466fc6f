import { type AnyProcessor, type Instant, jsonCodec, type Processor } from '@tocsin/core';
import { expect, it } from 'vitest';
import { packed } from './batch-packing.ts';
import { KnownKeys } from './known-keys.ts';
import { SqliteStore } from './sqlite-store.ts';
import { TaskStates } from './task-states.ts';

const reminders = {
  id: 'reminders',
  inputs: [],
  outputs: [],
  state: jsonCodec<Instant>(1),
  keys: () => [],
  step: () => ({ puts: new Map(), out: [] }),
  wakeAt: (at) => at,
} satisfies Processor<Instant> as AnyProcessor;

const write = async (store: SqliteStore, states: TaskStates): Promise<void> => {
  const { puts, committed } = states.seal();
  await store.writer.commit(packed({ records: [], puts, notes: new Map() }));
  committed();
};

it('knows the wakes of entries that are on their way to the file', async () => {
  const store = new SqliteStore(':memory:');
  const states = new TaskStates(reminders, store);
  expect(states.due(1_000)).toBeUndefined();
  states.put('late', 9_000_000);
  states.seal();
  expect(states.due(8_999_999)).toBeUndefined();
  expect(states.due(9_000_000)).toEqual({ at: 9_000_000, key: 'late' });
  await store.close();
});

it('knows an entry that was forgotten while its older value is being written', async () => {
  const store = new SqliteStore(':memory:');
  const states = new TaskStates(reminders, store);
  states.put('k', 1);
  const first = states.seal();
  states.put('k', undefined);
  const second = states.seal();
  await store.writer.commit(packed({ records: [], puts: first.puts, notes: new Map() }));
  first.committed();
  expect(states.get('k')).toBeUndefined();
  await store.writer.commit(packed({ records: [], puts: second.puts, notes: new Map() }));
  second.committed();
  expect(states.get('k')).toBeUndefined();
  await store.close();
});

it('finds what a file holds before and after it has read all keys of it, and what came meanwhile', async () => {
  const store = new SqliteStore(':memory:');
  const put = async (states: TaskStates, kind: string, count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) states.put(`${kind} ${n}`, n);
    await write(store, states);
  };
  await put(new TaskStates(reminders, store), 'old', 10_000);
  const states = new TaskStates(reminders, store);
  expect(states.get('old 9999')).toBe(9_999);
  await put(states, 'new', 10);
  // More than stays in memory, and transactions enough to read all keys.
  for (let round = 0; round < 10; round += 1) await put(states, `filler ${round}`, 5_000);
  await put(states, 'last', 10);
  await put(states, 'filler', 25_000);
  for (const key of ['old 0', 'new 0', 'filler 0 0', 'last 0']) expect(states.get(key), key).toBe(0);
  expect(states.get('never written')).toBeUndefined();
  await store.close();
});

it('says no for nearly every key that nobody wrote, however many there are', async () => {
  const store = new SqliteStore(':memory:');
  const states = new TaskStates(reminders, store);
  for (let n = 0; n < 100_000; n += 1) states.put(`key ${n}`, n);
  await write(store, states);
  const known = new KnownKeys(reminders.id, store);
  for (let slices = 0; slices < 500; slices += 1) known.advance();
  const held = Array.from({ length: 100_000 }, (_, n) => `key ${n}`);
  expect(held.every((key) => known.mayHold(key))).toBe(true);
  expect(held.filter((key) => known.mayHold(`not ${key}`)).length).toBeLessThan(200);
  await store.close();
});

it('knows the keys of a transaction that was being written when it began to read the file anew', async () => {
  const store = new SqliteStore(':memory:');
  const states = new TaskStates(reminders, store);
  for (let n = 0; n < 70_000; n += 1) states.put(`key ${n}`, n);
  const first = states.seal();
  await store.writer.commit(packed({ records: [], puts: first.puts, notes: new Map() }));
  states.put('a key that sorts first', 1);
  const second = states.seal();
  first.committed();
  await store.writer.commit(packed({ records: [], puts: second.puts, notes: new Map() }));
  second.committed();
  // Until all keys are read, and more was written since than stays in memory.
  for (let round = 0; round < 250; round += 1) {
    for (let n = 0; n < 250; n += 1) states.put(`key ${(round * 250 + n) % 70_000}`, n);
    await write(store, states);
  }
  expect(states.get('a key that sorts first')).toBe(1);
  await store.close();
});

it('finds keys that the file gives back changed', async () => {
  const store = new SqliteStore(':memory:');
  const before = new TaskStates(reminders, store);
  const odd = ['a\0b', 'x\ud800y', '\ud83d\ude00'];
  for (const key of odd) before.put(key, 1);
  await write(store, before);
  const states = new TaskStates(reminders, store);
  expect(odd.map((key) => states.get(key))).toEqual([1, 1, 1]);
  await store.close();
});

it('reads on at the next commit when the file could not be read', async () => {
  const store = new SqliteStore(':memory:');
  const before = new TaskStates(reminders, store);
  for (let n = 0; n < 2_000; n += 1) before.put(`key ${n}`, n);
  await write(store, before);
  const read = store.stateKeys.bind(store);
  const known = new KnownKeys(reminders.id, store);
  store.stateKeys = () => {
    throw new Error('disk I/O error');
  };
  known.advance();
  store.stateKeys = read;
  for (let slices = 0; slices < 10; slices += 1) known.advance();
  expect(known.mayHold('key 1999')).toBe(true);
  expect(known.mayHold('never written')).toBe(false);
  await store.close();
});
