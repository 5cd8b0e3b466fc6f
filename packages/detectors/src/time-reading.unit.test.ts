import { isoOf, minute } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readTime } from './time-reading.ts';

const receivedAt = Date.UTC(2026, 2, 15, 12);
const read = (time: string | number | undefined) => {
  const { at, flags } = readTime(time, receivedAt);
  return [isoOf(at), ...flags];
};
const now = isoOf(receivedAt);

describe('times of sources', () => {
  it.each([
    ['2026-03-14T07:05:09Z', '2026-03-14T07:05:09.000Z'],
    ['2026-03-14T07:05:09.123456789Z', '2026-03-14T07:05:09.123Z'],
    ['2026-03-14T07:05:09.1Z', '2026-03-14T07:05:09.100Z'],
    ['2026-03-14T07:05:09,9999Z', '2026-03-14T07:05:09.999Z'],
    ['2026-03-14T07:05:09.123456+0000', '2026-03-14T07:05:09.123Z'],
    ['2026-03-14 07:05:09 +0530', '2026-03-14T01:35:09.000Z'],
    ['2026-03-14T07:05:09-07:00', '2026-03-14T14:05:09.000Z'],
    ['2026-03-14T07:05:09+01', '2026-03-14T06:05:09.000Z'],
    ['2026-03-14 07:05:09 UTC', '2026-03-14T07:05:09.000Z'],
    ['2026/03/14 07:05:09Z', '2026-03-14T07:05:09.000Z'],
    ['2026-03-14T07:05Z', '2026-03-14T07:05:00.000Z'],
    ['2016-12-31T23:59:60Z', '2017-01-01T00:00:00.000Z'],
    [1773471909, '2026-03-14T07:05:09.000Z'],
    [1773471909.25, '2026-03-14T07:05:09.250Z'],
    ['1773471909.123456', '2026-03-14T07:05:09.123Z'],
    [1773471909123, '2026-03-14T07:05:09.123Z'],
    [1773471909123456, '2026-03-14T07:05:09.123Z'],
    ['1773471909123456789', '2026-03-14T07:05:09.123Z'],
  ])('%s is %s', (time, iso) => expect(read(time)).toEqual([iso]));

  it.each(['2026-03-14T07:05:09', '2026-03-14 07:05:09.5', '2026-03-14'])('%s has no zone: UTC', (time) =>
    expect(read(time).slice(1)).toEqual(['time_zone_assumed']),
  );

  it.each([undefined, '', '  '])('%s is missing', (time) => expect(read(time)).toEqual([now, 'time_missing']));

  it.each([
    'yesterday',
    '0000-00-00T00:00:00Z',
    '0000-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '1970-01-01T00:00:00Z',
    '2026-02-30T00:00:00Z',
    '2026-03-14T25:00:00Z',
    '2026-03-14T07:05:09+99:00',
    '+275760-09-13T00:00:00Z',
    0,
    -1,
    Number.NaN,
  ])('%s is no time', (time) => expect(read(time)).toEqual([now, 'time_invalid']));

  it.each(['9999-12-31T23:59:59Z', receivedAt + 5 * minute + 1, 253402300799000])('%s lies ahead', (time) =>
    expect(read(time)).toEqual([now, 'time_clamped']),
  );

  it('trusts a clock that is a little ahead', () =>
    expect(readTime(receivedAt + 5 * minute, receivedAt)).toEqual({ at: receivedAt + 5 * minute, flags: [] }));

  it('reads what ISO writers write, and gives an integer for anything', () => {
    const past = fc.date({ min: new Date('1971-01-01'), max: new Date(receivedAt), noInvalidDate: true });
    fc.assert(
      fc.property(past, (date) => {
        expect(read(date.toISOString())).toEqual([date.toISOString()]);
      }),
    );
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double(), fc.integer()), (time) => {
        const { at } = readTime(time, receivedAt);
        expect(Number.isSafeInteger(at) && at <= receivedAt + 5 * minute).toBe(true);
      }),
    );
  });
});
