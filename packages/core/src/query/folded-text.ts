const ascii = /[A-Za-z0-9_]/;
const wordUnit = /[\p{L}\p{M}\p{N}_]/u;
const between = /[^\p{L}\p{M}\p{N}_]+/gu;
const longWord = /(\S{128})\S+/gu;
const unpaired = /\p{Surrogate}/gu;

/** Whether free text can find anything by it. */
export const hasWord = (text: string): boolean => ascii.test(text) || wordUnit.test(text);

/** Text that every store can hold: a NUL is shown, half a character becomes the replacement character. */
export const searchable = (text: string): string =>
  (text.includes('\0') ? text.replaceAll('\0', '\\u0000') : text).replace(unpaired, '\ufffd');

/**
 * Lower case, and one space for everything between words; words are cut after 128 characters. Letters of all scripts, marks,
 * digits and `_` make words. Ends may be spaces.
 */
export const folded = (text: string): string =>
  searchable(text).normalize('NFC').toLowerCase().replace(between, ' ').replace(longWord, '$1');

/**
 * Texts as free text sees them: one a line, every word between spaces, so that ` word ` finds a whole word. Texts without
 * words are left out, and each stands there once.
 */
export const foldedLines = (texts: readonly string[]): string =>
  [...new Set(texts.map((text) => folded(text).trim()).filter((text) => text !== ''))]
    .map((text) => ` ${text} `)
    .join('\n');
