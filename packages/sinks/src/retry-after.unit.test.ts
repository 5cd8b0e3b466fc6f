import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

const now = Date.UTC(2025, 5, 15, 12);
const asked = (text?: string) =>
  retryAfterMs({ status: 429, headers: text === undefined ? {} : { 'retry-after': text }, body: '' }, now);

describe('Retry-After', () => {
  it.each<[string | undefined, number | undefined]>([
    ['0', 0],
    ['7', 7_000],
    [' 120 ', 120_000],
    ['3600', 3_600_000],
    ['3601', 3_600_000],
    ['1000000000', 3_600_000],
    ['Sun, 15 Jun 2025 12:00:30 GMT', 30_000],
    ['Sun, 15 Jun 2025 11:00:00 GMT', 0],
    ['Sun, 15 Jun 2099 12:00:00 GMT', 3_600_000],
    [undefined, undefined],
    ['', undefined],
    ['-1', undefined],
    ['1.5', undefined],
    ['1e9', undefined],
    ['Infinity', undefined],
    ['soon', undefined],
    ['1, 2', undefined],
    ['2025-06-15T12:00:30Z', undefined],
    ['Sun, 99 Jun 2025 12:00:30 GMT', undefined],
    ['9'.repeat(400), undefined],
  ])('%j asks for %j ms', (text, ms) => {
    expect(asked(text)).toBe(ms);
  });

  it('is nothing or between 0 and an hour', () => {
    const dates = fc.date({ noInvalidDate: true }).map((date) => date.toUTCString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.bigInt().map(String), dates), (text) => {
        const ms = asked(text) ?? 0;
        expect(ms >= 0 && ms <= 3_600_000).toBe(true);
      }),
    );
  });
});
