import { addressBlock } from './addresses.ts';
import { hasWord } from './folded-text.ts';
import { boundExpected, boundIn } from './query-bounds.ts';
import type { Bound, QueryKey, QueryValue } from './query-node.ts';
import { Misread } from './query-problem.ts';
import type { QueryScanner, Word } from './query-scanner.ts';

/** The key that a word before a colon names. */
export function keyOf({ text, pattern, raw, range }: Word): QueryKey {
  if (text === '' || text === '@') throw new Misread('a name', { from: range.from, to: range.to + 1 });
  if (pattern && raw !== '*') throw new Misread('a name without * and ?, or \\ before them', range);
  return { name: text, raw, range };
}

/** What a word or a quoted text looks for. */
export function valueIn({ text, pattern, raw, range }: Word): QueryValue {
  if (!pattern) return { kind: 'text', text, raw, range };
  const [first] = pattern;
  if (pattern.length === 1 && first && 'wild' in first && first.wild === '*') return { kind: 'any', raw, range };
  return { kind: 'pattern', pattern, raw, range };
}

/** An end of a range as it is written, unchecked. */
export const boundOf = ({ text, raw, range }: Word): Bound => ({ text, raw, range });

/** An end of a range or the other side of a comparison that the field of the key can be compared with. */
export function checkedBound(key: QueryKey, word: Word, where: string): Bound {
  if (word.pattern || boundIn(key.name, word.text) === undefined)
    throw new Misread(`${boundExpected(key.name)} ${where}`, word.range);
  return boundOf(word);
}

/** A block of addresses. */
export function blockOf(word: Word): Bound {
  if (addressBlock(word.text) === undefined)
    throw new Misread('an address block such as 10.0.0.0/8 or 2001:db8::/32', word.range);
  return boundOf(word);
}

/** Free text is looked up by words, so there must be one. */
export function refuseWordless(value: QueryValue): void {
  const wordless =
    value.kind === 'text'
      ? !hasWord(value.text)
      : value.kind === 'pattern' &&
        !value.pattern.some((piece) => ('wild' in piece ? piece.wild === '?' : hasWord(piece.literal)));
  if (wordless) throw new Misread('a word with at least one letter or digit', value.range);
  if (value.kind === 'compare' || value.kind === 'between')
    throw new Misread('a word, because comparisons need the name of one attribute', value.range);
}

/** The problem of a bracket that begins at `from`. */
export const notARange = (scan: QueryScanner, from: number): Misread =>
  new Misread('a range such as [400 TO 499]', { from, to: Math.min(scan.at + 1, scan.text.length) });
