import { describe, expect, it } from 'vitest';
import { committedOf, offsetAfter, type RawRecord } from './committed-records.ts';

const record = (
  offset: number,
  producerId: string,
  about: Partial<RawRecord> & { readonly plain?: true } = {},
): RawRecord => ({
  offset: String(offset),
  timestamp: '0',
  key: Buffer.from('k'),
  value: Buffer.from('v'),
  batchContext: { firstOffset: String(offset), lastOffsetDelta: 0, producerId, inTransaction: !about.plain },
  ...about,
});
const marker = (offset: number, producerId: string): RawRecord => record(offset, producerId, { isControlRecord: true });
const offsets = (records: readonly RawRecord[]) => records.map(({ offset }) => Number(offset));

describe('committed records', () => {
  it('leave out what was aborted, also where aborted transactions interleave and the answer begins inside of them', () => {
    const messages = [
      record(2, 'a'),
      record(3, 'b'),
      record(4, 'c'),
      marker(5, 'a'),
      record(6, 'a'),
      record(7, 'b'),
      marker(8, 'b'),
      record(9, 'b'),
    ];
    const aborted = [
      { producerId: 'b', firstOffset: '1' },
      { producerId: 'a', firstOffset: '0' },
    ];
    expect(offsets(committedOf(messages, aborted))).toEqual([4, 6, 9]);
  });

  it('leave out every aborted transaction of one producer, and nothing of the committed ones between', () => {
    const messages = [record(0, 'a'), marker(1, 'a'), record(2, 'a'), marker(3, 'a'), record(4, 'a'), marker(5, 'a')];
    const aborted = [
      { producerId: 'a', firstOffset: '0' },
      { producerId: 'a', firstOffset: '4' },
    ];
    expect(offsets(committedOf(messages, aborted))).toEqual([2]);
  });

  it('take no record for a marker because of its key, and no plain record for a part of a transaction', () => {
    const zeros = record(1, 'a', { key: Buffer.alloc(4) });
    const messages = [record(0, 'a'), zeros, record(2, 'a'), marker(3, 'a'), record(4, 'a', { plain: true })];
    expect(offsets(committedOf(messages, [{ producerId: 'a', firstOffset: '0' }]))).toEqual([4]);
  });

  it('tell where to go on: after the batch, though compaction has taken its last records', () => {
    const context = { firstOffset: '10', lastOffsetDelta: 5, producerId: 'a', inTransaction: true };
    expect(offsetAfter([record(12, 'a', { batchContext: context })], 10)).toBe(16);
    expect(offsetAfter([], 7)).toBe(7);
  });
});
