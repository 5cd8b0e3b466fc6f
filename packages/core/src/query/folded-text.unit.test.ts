import fc from 'fast-check';
import { expect, it } from 'vitest';
import { folded, foldedLines, hasWord, searchable } from './folded-text.ts';

/** The definition, without haste. */
const plainly = (text: string): string =>
  searchable(text)
    .normalize('NFC')
    .toLowerCase()
    .replace(/[^\p{L}\p{M}\p{N}_]+/gu, ' ');

it('is what its definition says, for any text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 100 }), (text) => {
      expect(folded(text)).toBe(plainly(text));
    }),
    { numRuns: 2_000 },
  );
});

it('cuts what no index could hold', () => {
  expect(folded(`a ${'x'.repeat(200)}-b`)).toBe(`a ${'x'.repeat(128)} b`);
  expect(folded(`${'é'.repeat(200)}`)).toBe('é'.repeat(128));
});

it('makes a line of each text that has words, once', () => {
  expect(foldedLines(['Two words', '--', '', 'two\nWORDS', 'Größe'])).toBe(' two words \n größe ');
  expect(foldedLines([])).toBe('');
});

it('knows what can be looked for', () => {
  expect(['a', 'ß', '_', '1', 'ठ'].map(hasWord)).toEqual([true, true, true, true, true]);
  expect(['', '-', '“', '💣', '\ud800'].map(hasWord)).toEqual([false, false, false, false, false]);
});

it('leaves only what every store can hold', () => {
  expect(searchable('a\u0000b')).toBe('a\\u0000b');
  expect(searchable('half \ud83d, whole 😀')).toBe('half \ufffd, whole 😀');
});
