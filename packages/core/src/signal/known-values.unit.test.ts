import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { knownCount, learnt, unseen } from './known-values.ts';

const values = fc.array(fc.string({ maxLength: 12 }), { maxLength: 40 });

describe('known values', () => {
  it('are found again, each once', () => {
    fc.assert(
      fc.property(values, values, (first, second) => {
        const found = unseen('', first, 64);
        expect(new Set(found).size).toBe(found.length);
        const known = learnt('', found);
        expect(unseen(known, first, 64)).toEqual([]);
        for (const value of unseen(known, second, 64)) expect(first).not.toContain(value);
      }),
    );
  });

  it('hardly ever take a new value for a known one', () => {
    const all = Array.from({ length: 5_000 }, (_, n) => `host:web-${n}.example.org`);
    const known = learnt('', unseen('', all.slice(0, 64), 64));
    const missed = all.slice(64).filter((value) => unseen(known, [value], 65).length === 0);
    expect(missed.length).toBeLessThan(10);
  });

  it('stop at the given number', () => {
    const all = Array.from({ length: 100 }, (_, n) => `tag:${n}`);
    const known = learnt('', unseen('', all, 64));
    expect(knownCount(known)).toBe(64);
    expect(unseen(known, all, 64)).toEqual([]);
  });
});
