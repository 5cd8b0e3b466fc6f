/** Everything that can break a line, steer a terminal, turn the direction of text, or is no character at all. */
const treacherous = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** One line for a terminal: what is not text is shown as its code. */
export const visibleText = (text: string): string =>
  text.replace(treacherous, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);

/** One line for people: what is not text becomes a space. */
export const singleLine = (text: string): string => text.replace(treacherous, ' ').replace(/ {2,}/g, ' ').trim();
