import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonCodec, maxClockLeadMs, type Recorded, watermarkAfter } from './processor.ts';

const record = (recordedAt: number, occurredAt?: number): Recorded => ({
  topic: 'grouped-detections',
  partition: 0,
  offset: 0,
  key: 'k',
  value: null,
  recordedAt,
  ...(occurredAt !== undefined && { occurredAt }),
});

describe('the watermark', () => {
  it('is the highest event time seen', () => {
    expect(watermarkAfter(10, record(100, 50))).toBe(50);
    expect(watermarkAfter(60, record(100, 50))).toBe(60);
  });

  it('stays where it is at a record without event time', () => {
    expect(watermarkAfter(10, record(100))).toBe(10);
  });

  it('believes a source clock that runs ahead for five minutes, no longer', () => {
    expect(watermarkAfter(0, record(1_000, 1_000 + maxClockLeadMs))).toBe(1_000 + maxClockLeadMs);
    expect(watermarkAfter(0, record(1_000, 1_001 + maxClockLeadMs))).toBe(1_000 + maxClockLeadMs);
  });

  it('never goes back, and never depends on the order of records of one time', () => {
    const times = fc.array(fc.integer({ min: 0, max: 1e13 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(times, fc.integer({ min: 0, max: 1e13 }), (occurred, at) => {
        const after = (order: readonly number[]) =>
          order.reduce((mark, time) => watermarkAfter(mark, record(at, time)), 0);
        expect(after([...occurred].reverse())).toBe(after(occurred));
        expect(after(occurred)).toBeLessThanOrEqual(at + maxClockLeadMs);
      }),
    );
  });
});

describe('state as JSON', () => {
  it('comes back as it was put', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (state) => {
        const codec = jsonCodec<unknown>(1);
        expect(codec.decode(codec.encode(state), 1)).toEqual(JSON.parse(JSON.stringify(state)));
      }),
    );
  });

  it('reads what an older release wrote, by its version', () => {
    const codec = jsonCodec<{ n: number }>(3, (old, version) => ({ n: (old as { m: number }).m + version }));
    expect(codec.decode('{"m":4}', 2)).toEqual({ n: 6 });
    expect(codec.decode('{"n":4}', 3)).toEqual({ n: 4 });
  });

  it('refuses a version that it does not know', () => {
    expect(() => jsonCodec(2).decode('1', 1)).toThrow('state of version 1 cannot be read by version 2');
  });
});
