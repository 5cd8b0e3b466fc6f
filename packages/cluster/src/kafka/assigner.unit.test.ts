import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { tasksOf } from './assigner.ts';

describe('tasks of members', () => {
  const members = fc.uniqueArray(
    fc.record({ instance: fc.constantFrom('a', 'b', 'c', 'd', 'e'), owned: fc.uniqueArray(fc.nat(9)) }),
    { minLength: 1, maxLength: 5, selector: ({ instance }) => instance },
  );

  it('each task goes to exactly one member, and shares differ by one at most', () => {
    fc.assert(
      fc.property(members, fc.integer({ min: 1, max: 10 }), (drawn, partitions) => {
        const shares = [
          ...tasksOf(
            drawn.map((one) => ({ ...one, memberId: one.instance })),
            partitions,
          ).values(),
        ];
        expect(shares.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: partitions }, (_, i) => i));
        const sizes = shares.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }),
    );
  });

  it('a second member takes only what is over the share of the first', () => {
    const shares = tasksOf(
      [
        { memberId: '2', instance: 'b', owned: [0, 1, 2, 3] },
        { memberId: '1', instance: 'a', owned: [] },
      ],
      4,
    );
    expect(shares).toEqual(
      new Map([
        ['1', [2, 3]],
        ['2', [0, 1]],
      ]),
    );
  });

  it('who comes back gets what it had', () => {
    const owned = [
      { memberId: '9', instance: 'a', owned: [1, 3] },
      { memberId: '8', instance: 'b', owned: [0, 2] },
    ];
    expect(tasksOf(owned, 4)).toEqual(
      new Map([
        ['9', [1, 3]],
        ['8', [0, 2]],
      ]),
    );
  });
});
