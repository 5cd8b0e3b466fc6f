import { type AnyProcessor, jsonCodec, type Processor, type Recorded, type TopicName } from '@tocsin/core';
import { expect } from 'vitest';
import type { OpenedKafka } from './opened-kafka.ts';

/** Counts each key, and writes one signal a record. */
export const counter = {
  id: 'test-counter',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals'],
  state: jsonCodec<number>(1),
  keys: ({ key }) => [key],
  step(states, { key, value }) {
    const count = (states.get(key) ?? 0) + 1;
    return { puts: new Map([[key, count]]), out: [{ topic: 'signals', key, value: { of: value, count } }] };
  },
} satisfies Processor<number> as AnyProcessor;

/** Numbered records over four keys; partitions get every other one. */
export const items = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => ({
    topic: 'grouped-detections' as const,
    key: `k${(from + i) % 4}`,
    shard: (from + i) % 4,
    value: from + i,
  }));

/** Follows a topic until so many records have come. */
export async function read(opened: OpenedKafka, count: number): Promise<readonly Recorded[]> {
  const abort = new AbortController();
  const found: Recorded[] = [];
  const request = { topics: ['signals'], from: 'start', follow: true, signal: abort.signal } as const;
  for await (const batch of opened.log.read(request)) {
    found.push(...batch);
    if (found.length >= count) abort.abort();
  }
  return found;
}

/** Every input once, in the order of its partition, without a gap in `seq`. */
export function expectExact(found: readonly Recorded[], count: number): void {
  const values = found.map(({ value }) => (value as { of: number }).of);
  expect([...values].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
  for (const partition of [0, 1]) {
    const mine = found.filter((one) => one.partition === partition);
    expect(mine.map(({ seq }) => seq)).toEqual(mine.map((_, i) => i));
    const order = mine.map(({ value }) => (value as { of: number }).of);
    expect(order).toEqual([...order].sort((a, b) => a - b));
  }
}

/** All committed records of a topic. */
export async function recordsOf(opened: OpenedKafka, topic: TopicName): Promise<readonly Recorded[]> {
  const found: Recorded[] = [];
  const request = { topics: [topic], from: 'start', follow: false, signal: new AbortController().signal } as const;
  for await (const batch of opened.log.read(request)) found.push(...batch);
  return found;
}
