import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { day, hour, minute, second } from '../time.ts';
import { leaseLength, maxAttempts, retryDelay, retryLadder } from './ladder.ts';

describe('retryDelay', () => {
  it('climbs the documented steps and then gives up', () => {
    expect(retryLadder).toEqual([
      5 * second,
      minute,
      5 * minute,
      30 * minute,
      2 * hour,
      5 * hour,
      10 * hour,
      20 * hour,
      24 * hour,
    ]);
    expect(retryDelay({ deliveryId: 'd', attempt: maxAttempts })).toBeUndefined();
    expect(retryDelay({ deliveryId: 'd', attempt: maxAttempts - 1 })).toBeDefined();
  });

  it('stays within 20 % of the step, and says the same again', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.integer({ min: 1, max: 9 }), (deliveryId, attempt) => {
        const step = retryLadder[attempt - 1] ?? 0;
        const delay = retryDelay({ deliveryId, attempt });
        expect(delay).toBeGreaterThanOrEqual(step * 0.8);
        expect(delay).toBeLessThanOrEqual(step * 1.2);
        expect(retryDelay({ deliveryId, attempt })).toBe(delay);
      }),
      { numRuns: 2_000 },
    );
  });

  it('spreads deliveries that failed together', () => {
    const delays = Array.from({ length: 200 }, (_, n) => retryDelay({ deliveryId: `s.hook.o${n}`, attempt: 1 }) ?? 0);
    expect(new Set(delays).size).toBeGreaterThan(150);
    expect(Math.min(...delays)).toBeLessThan(4_200);
    expect(Math.max(...delays)).toBeGreaterThan(5_800);
  });

  it('waits at least as long as the far end asked, up to an hour', () => {
    const failed = { deliveryId: 'd', attempt: 1 };
    expect(retryDelay({ ...failed, afterMs: 90_000 })).toBe(90_000);
    expect(retryDelay({ ...failed, afterMs: 1e9 })).toBe(hour);
    expect(retryDelay({ ...failed, afterMs: 1 })).toBe(retryDelay(failed));
    expect(retryDelay({ ...failed, attempt: 9, afterMs: 1 })).toBeGreaterThan(19 * hour);
  });
});

describe('leaseLength', () => {
  it('doubles with each lease, up to a day', () => {
    expect([1, 2, 3].map((lease) => leaseLength(lease, minute))).toEqual([minute, 2 * minute, 4 * minute]);
    expect(leaseLength(40, minute)).toBe(day);
  });
});
