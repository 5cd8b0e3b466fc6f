import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Pattern } from './query-node.ts';
import { wildcardMatcher } from './wildcards.ts';

const characters = fc.constantFrom('a', 'b', '😀');
const texts = fc.array(characters, { maxLength: 70 }).map((all) => all.join(''));
const patterns: fc.Arbitrary<Pattern> = fc.array(
  fc.oneof(
    characters.map((literal) => ({ literal })),
    fc.constantFrom('*' as const, '?' as const).map((wild) => ({ wild })),
  ),
  { minLength: 1, maxLength: 45 },
);

/** The textbook table: slow and plain. */
function fits(pattern: Pattern, text: string): boolean {
  let row = [...text, ''].map((_, index) => index === 0);
  for (const piece of pattern)
    row = row.map((_, index) => {
      if ('wild' in piece && piece.wild === '*') return row.slice(0, index + 1).includes(true);
      const matches = 'wild' in piece || [...text][index - 1] === piece.literal;
      return index > 0 && matches && row[index - 1] === true;
    });
  return row.at(-1) === true;
}

test('fits exactly what the textbook says', () => {
  fc.assert(
    fc.property(patterns, texts, (pattern, text) => {
      expect(wildcardMatcher(pattern)(text)).toBe(fits(pattern, text));
    }),
    { numRuns: 2_000 },
  );
});

test('patterns made to be slow cost what their length says', () => {
  const text = 'a'.repeat(8_192);
  const stars: Pattern = Array.from({ length: 1_000 }, () => [{ wild: '*' }, { literal: 'a' }] as const).flat();
  expect(wildcardMatcher([...stars, { literal: 'b' }])(text)).toBe(false);
  expect(wildcardMatcher([...stars, { wild: '?' }, { literal: 'b' }])(text)).toBe(false);
  expect(wildcardMatcher([...stars, { wild: '?' }, { literal: 'a' }])(text)).toBe(true);
});
