import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { byteChunks, sendsOf } from './byte-chunks.ts';

const message = (partition: number, length: number) => ({
  topic: 't',
  message: { key: '', value: 'x'.repeat(length), partition, timestamp: '0' },
});

describe('chunks of bytes', () => {
  it('hold everything in order, and no partition gets more than its share at once but for a record that is longer', () => {
    const sizes = fc.array(fc.tuple(fc.nat(2), fc.integer({ min: 0, max: 1_500 })), { maxLength: 40 });
    fc.assert(
      fc.property(sizes, (drawn) => {
        const messages = drawn.map(([partition, length]) => message(partition, length));
        const chunks = byteChunks(messages, 1_000);
        expect(chunks.flat()).toEqual(messages);
        for (const chunk of chunks)
          for (const partition of [0, 1, 2]) {
            const mine = chunk.filter((one) => one.message.partition === partition);
            const bytes = mine.reduce((sum, one) => sum + (one.message.value ?? '').length, 0);
            expect(mine.length <= 1 || bytes <= 1_000).toBe(true);
          }
      }),
    );
  });

  it('go to several brokers one send a partition, each with its records in order', () => {
    const messages = [message(0, 1), message(1, 2), message(0, 3)];
    expect(sendsOf(messages, 1)).toHaveLength(1);
    const sends = sendsOf(messages, 3).map(([only]) => only?.messages.map(({ value }) => value?.length));
    expect(sends).toEqual([[1, 3], [2]]);
  });

  it('count bytes, not characters', () => {
    const wide = { topic: 't', message: { key: '', value: '€'.repeat(300), partition: 0, timestamp: '0' } };
    expect(byteChunks([wide, wide], 1_000)).toHaveLength(2);
  });
});
