const ascii = /[A-Za-z0-9_]/;
const wordUnit = /[\p{L}\p{M}\p{N}_]/u;
/** Everything but letters, marks, digits, `_` and line ends. ASCII is written out: asking for its properties takes long. */
const between = /(?:[\0-\t\v-/:-@[-^`{-\x7f]|(?=[^\0-\x7f])[^\p{L}\p{M}\p{N}])+/gu;
const longWord = /(\S{128})\S+/gu;
const unpaired = /\p{Surrogate}/gu;
/** Most texts hold nothing that needs care; to see that is far cheaper than to care. */
const careful = /[\0\ud800-\udfff]/;
const beyondAscii = /[^\0-\x7f]/;
const betweenAscii = /[^a-z0-9_\n]+/g;

/** Whether free text can find anything by it. */
export const hasWord = (text: string): boolean => ascii.test(text) || wordUnit.test(text);

/** Text that every store can hold: a NUL is shown, half a character becomes the replacement character. */
export const searchable = (text: string): string => (careful.test(text) ? cared(text) : text);

const cared = (text: string): string =>
  (text.includes('\0') ? text.replaceAll('\0', '\\u0000') : text).replace(unpaired, '\ufffd');

/**
 * Lower case, and one space for everything between words; words are cut after 128 characters. Letters of all scripts, marks,
 * digits and `_` make words. Ends may be spaces.
 */
export const folded = (text: string): string => foldedWords(oneLine(text));

/**
 * Texts as free text sees them: one a line, every word between spaces, so that ` word ` finds a whole word. Texts without
 * words are left out, and each stands there once.
 */
export function foldedLines(texts: readonly string[]): string {
  const lines = new Set(foldedWords(texts.map(oneLine).join('\n')).split('\n'));
  let all = '';
  for (const line of lines) {
    const trimmed = line.trim();
    if (trimmed !== '') all += `${all === '' ? '' : '\n'} ${trimmed} `;
  }
  return all;
}

const oneLine = (text: string): string => (text.includes('\n') ? text.replaceAll('\n', ' ') : text);

/** Line by line, all at once: a signal has many short texts. */
function foldedWords(lines: string): string {
  const words = beyondAscii.test(lines)
    ? searchable(lines).normalize('NFC').toLowerCase().replace(between, ' ')
    : searchable(lines).toLowerCase().replace(betweenAscii, ' ');
  return hasLongWord(words) ? words.replace(longWord, '$1') : words;
}

/** Line ends count as part of a word here, so it may say yes too often. */
function hasLongWord(words: string): boolean {
  for (let at = 0; at < words.length; ) {
    const space = words.indexOf(' ', at);
    const end = space < 0 ? words.length : space;
    if (end - at > 128) return true;
    at = end + 1;
  }
  return false;
}
