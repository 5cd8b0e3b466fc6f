import type { TopicName } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { RecordCodec } from './record-codec.ts';
import { TaskQueue } from './task-queue.ts';

const topic = 'grouped-detections' as const;
const fetched = (from: number, count: number) => ({
  topic: 'kafka-name',
  partition: 0,
  records: Array.from({ length: count }, (_, i) => ({
    offset: String(from + i),
    timestamp: '1',
    key: Buffer.from('k'),
    value: Buffer.from(String(from + i)),
  })),
  next: from + count,
  bytes: count,
});

/** A codec that must be told of values before it can decode them. */
class LearningValues {
  readonly #known = new Set<string>();
  encode = (): string => '';
  decode(_: TopicName, bytes: Buffer): unknown {
    if (!this.#known.has(bytes.toString())) throw new Error('was not prepared');
    return Number(bytes.toString());
  }
  async prepare(_: TopicName, values: Iterable<Buffer | null>): Promise<void> {
    const wanted = [...values];
    await new Promise((resolve) => setImmediate(resolve));
    for (const value of wanted) this.#known.add(String(value));
  }
}

describe('the queue of a task', () => {
  it('gives what has come in its order, so many at a time, and counts the bytes that wait', () => {
    const queue = new TaskQueue(new RecordCodec({ encode: () => '', decode: (_, bytes) => Number(bytes.toString()) }));
    queue.push(topic, fetched(0, 3));
    queue.push(topic, fetched(3, 2));
    expect(queue.bytes).toBe(5);
    expect(queue.prepare(new AbortController().signal)).toBeUndefined();
    expect([...queue.take(4)].map(({ value }) => value)).toEqual([0, 1, 2, 3]);
    expect([queue.bytes, queue.empty]).toEqual([2, false]);
    expect([...queue.take(4)].map(({ value }) => value)).toEqual([4]);
    expect([queue.bytes, queue.empty]).toEqual([0, true]);
  });

  it('gives nothing that the codec has not been prepared for, though it came meanwhile', async () => {
    const queue = new TaskQueue(new RecordCodec(new LearningValues()));
    queue.push(topic, fetched(0, 2));
    const prepared = queue.prepare(new AbortController().signal);
    await prepared;
    queue.push(topic, fetched(2, 1));
    expect([...queue.take(9)].map(({ value }) => value)).toEqual([0, 1]);
    await queue.prepare(new AbortController().signal);
    expect([...queue.take(9)].map(({ value }) => value)).toEqual([2]);
  });
});
