import { Misread } from './query-problem.ts';
import type { Pattern, PatternPiece, TextRange } from './query-node.ts';

/** A run of characters without spaces, escapes resolved. */
export interface Word {
  readonly text: string;
  /** Present when there are wildcards. */
  readonly pattern?: Pattern;
  readonly raw: string;
  readonly range: TextRange;
}

const code = (character: string): number => character.charCodeAt(0);
const backslash = code('\\');
const quote = code('"');
const colon = code(':');
const openParen = code('(');
const closeParen = code(')');
const star = code('*');
const question = code('?');

/** Blanks of all kinds that people type or paste. */
export const isSpace = (unit: number): boolean =>
  unit === 0x20 || (unit >= 0x09 && unit <= 0x0d) || unit === 0xa0 || unit === 0x3000;

/** Moves over the text of a query, never backwards by more than one word. */
export class QueryScanner {
  readonly text: string;
  at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get ended(): boolean {
    return this.at >= this.text.length;
  }

  is(character: string): boolean {
    return this.text[this.at] === character;
  }

  /** Whether white space was skipped. */
  skipSpace(): boolean {
    const start = this.at;
    while (this.at < this.text.length && isSpace(this.text.charCodeAt(this.at))) this.at += 1;
    return this.at > start;
  }

  /** Takes an operator if it stands here as a word of its own, or right before a parenthesis or a quote. */
  takeKeyword(keyword: string): boolean {
    if (!this.text.startsWith(keyword, this.at)) return false;
    const after = this.at + keyword.length;
    if (after < this.text.length && !endsKeyword(this.text.charCodeAt(after))) return false;
    this.at = after;
    return true;
  }

  take(character: string): boolean {
    if (!this.is(character)) return false;
    this.at += 1;
    return true;
  }

  rangeFrom(from: number): TextRange {
    return { from, to: this.at };
  }

  /** For problems: from here to the next white space. */
  hereToSpace(): TextRange {
    let to = this.at;
    while (to < this.text.length && !isSpace(this.text.charCodeAt(to))) to += 1;
    return { from: this.at, to };
  }

  /** The end of a word: white space, a parenthesis, a quote, or one of the stops. */
  word(stops: string): Word {
    const from = this.at;
    const plain = this.#plainUntil(stops);
    if (this.ended || this.#endsWord(stops)) return { text: plain, raw: plain, range: { from, to: this.at } };
    const pieces = new PieceBuilder(plain);
    while (!this.ended && !this.#endsWord(stops)) this.#piece(pieces);
    const range = this.rangeFrom(from);
    return { ...pieces.built(), raw: this.text.slice(from, this.at), range };
  }

  /** In quotes only `\"` and `\\` are escapes, so that paths of Windows need none before most letters. */
  quoted(): Word {
    const from = this.at;
    this.at += 1;
    let text = '';
    let start = this.at;
    for (; ; this.at += 1) {
      if (this.ended) throw new Misread('a closing "', { from, to: this.at });
      const unit = this.text.charCodeAt(this.at);
      if (unit === quote) break;
      const next = this.text.charCodeAt(this.at + 1);
      if (unit !== backslash || (next !== quote && next !== backslash)) continue;
      text += this.text.slice(start, this.at);
      start = this.at + 1;
      this.at += 1;
    }
    text += this.text.slice(start, this.at);
    this.at += 1;
    return { text, raw: this.text.slice(from, this.at), range: this.rangeFrom(from) };
  }

  #plainUntil(stops: string): string {
    const from = this.at;
    for (; this.at < this.text.length; this.at += 1) {
      const unit = this.text.charCodeAt(this.at);
      if (unit === backslash || unit === star || unit === question || this.#endsWord(stops)) break;
    }
    return this.text.slice(from, this.at);
  }

  #piece(pieces: PieceBuilder): void {
    const unit = this.text.charCodeAt(this.at);
    this.at += 1;
    if (unit === star) pieces.wild('*');
    else if (unit === question) pieces.wild('?');
    else if (unit !== backslash) pieces.literal(this.text[this.at - 1] ?? '');
    else {
      if (this.ended) throw new Misread('a character after \\', { from: this.at - 1, to: this.at });
      // A character outside the basic plane is two units; the second would follow as a plain one anyhow.
      pieces.literal(this.text[this.at] ?? '');
      this.at += 1;
    }
  }

  #endsWord(stops: string): boolean {
    const unit = this.text.charCodeAt(this.at);
    if (isSpace(unit) || unit === openParen || unit === closeParen || unit === quote) return true;
    return stops !== '' && stops.includes(this.text[this.at] ?? '');
  }
}

const endsKeyword = (unit: number): boolean =>
  isSpace(unit) || unit === openParen || unit === closeParen || unit === quote;

/** Ends the name of a key. */
export const keyStop = String.fromCharCode(colon);

class PieceBuilder {
  readonly #pieces: PatternPiece[] = [];
  #text: string;
  #literal: string;

  constructor(start: string) {
    this.#text = start;
    this.#literal = start;
  }

  literal(character: string): void {
    this.#text += character;
    this.#literal += character;
  }

  /** Several stars in a row are one. */
  wild(wild: '*' | '?'): void {
    this.#text += wild;
    this.#flush();
    const last = this.#pieces.at(-1);
    if (wild === '*' && last && 'wild' in last && last.wild === '*') return;
    this.#pieces.push({ wild });
  }

  built(): Pick<Word, 'text' | 'pattern'> {
    this.#flush();
    const isPattern = this.#pieces.some((piece) => 'wild' in piece);
    return isPattern ? { text: this.#text, pattern: this.#pieces } : { text: this.#text };
  }

  #flush(): void {
    if (this.#literal !== '') this.#pieces.push({ literal: this.#literal });
    this.#literal = '';
  }
}
