import { Buffer } from 'node:buffer';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Batch, batchesOf } from './batches.ts';

async function* inChunks(text: string, length: number): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += length) yield bytes.subarray(at, at + length);
}

async function all(source: AsyncIterable<Uint8Array>, bytes: number): Promise<readonly Batch[]> {
  const found: Batch[] = [];
  for await (const batch of batchesOf(source, { bytes, idleMs: 10_000 })) found.push(batch);
  return found;
}
const textsOf = (batches: readonly Batch[]): readonly string[] => batches.map(({ body }) => body.toString());

const value = fc.dictionary(fc.string({ maxLength: 5 }), fc.oneof(fc.string(), fc.integer(), fc.array(fc.object())), {
  maxKeys: 4,
});
/** As tools write them: a line each, or over several lines. */
const written = fc.oneof(
  value.map((each) => JSON.stringify(each)),
  value.map((each) => JSON.stringify(each, null, 2)),
);

describe('batches', () => {
  test('are the input, cut between values', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(written, { maxLength: 30 }),
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        async (values, chunk, bytes) => {
          const input = values.map((each) => `${each}\n`).join('');
          const batches = await all(inChunks(input, chunk), bytes);
          expect(textsOf(batches).join('')).toBe(input);
          let from = 0;
          for (const { body, linesBefore } of batches) {
            expect(linesBefore).toBe(input.slice(0, from).split('\n').length - 1);
            from += body.toString().length;
            const whole = values.map(
              (_, at) =>
                values
                  .slice(0, at + 1)
                  .map((each) => `${each}\n`)
                  .join('').length,
            );
            expect([0, ...whole]).toContain(from);
          }
        },
      ),
    );
  });

  test('an array is one, however long', async () => {
    const input = JSON.stringify(
      Array.from({ length: 50 }, (_, at) => ({ at })),
      null,
      1,
    );
    expect(textsOf(await all(inChunks(`\ufeff ${input}`, 16), 32))).toEqual([`\ufeff ${input}`]);
  });

  test('of nothing there is one that is empty', async () => {
    expect(await all(inChunks('', 1), 10)).toEqual([{ body: Buffer.alloc(0), linesBefore: 0 }]);
  });

  test('a pipe that pauses is sent as far as its values are whole', async () => {
    const seen: string[] = [];
    async function* pipe(): AsyncIterable<Uint8Array> {
      yield Buffer.from('{"a":1}\n{"b":');
      await wait(40);
      expect(seen).toEqual([]);
      yield Buffer.from('2}\n');
      while (seen.length === 0) await wait(5);
      yield Buffer.from('{"c":3}');
    }
    for await (const { body } of batchesOf(pipe(), { idleMs: 10 })) seen.push(body.toString());
    expect(seen).toEqual(['{"a":1}\n{"b":2}\n', '{"c":3}']);
  });
});
