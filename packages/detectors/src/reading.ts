import { sizes } from '@tocsin/core';
import { closingOf, elementsOf, lineEnd, linesBetween, type Span, trimmed } from './body-scanning.ts';
import { type ReadValue, readJson, type Unreadable } from './json-reading.ts';

interface Located {
  /** Line of the body where the value begins, from 1; in an array the number of the element, from 1. */
  readonly line: number;
  /** Exactly the bytes of the value, without the white space around it. */
  readonly bytes: Uint8Array;
}
/** One JSON value of a body: an object, or the reason why there is none. */
export type Entry = (Located & ReadValue) | (Located & Unreadable);

/**
 * The values of an HTTP body, in order. A body that begins with `[` is an array and read element by element; any other is
 * read line by line (LF or CRLF, empty lines ignored, a byte order mark tolerated). A line that begins an object and does
 * not hold all of it is read on to its closing brace, so pretty-printed objects work too, one or many. Where that is not
 * JSON either, the continuation lines that follow share its fate, so that one broken object is one rejection.
 */
export function* readLines(body: Uint8Array): Generator<Entry> {
  const start = body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf ? 3 : 0;
  const first = trimmed(body, start, body.length).start;
  if (body[first] !== openBracket) return yield* new Lines(body, start, 1).read();
  const { spans, closed, end } = elementsOf(body, first);
  let line = 0;
  let lastBroken = false;
  for (const span of spans) {
    line += 1;
    const entry = entryOf(body, span, line);
    lastBroken = isBroken(entry);
    yield entry;
  }
  if (!closed && !lastBroken) yield { ...notClosed, line: line + 1, bytes: body.subarray(first, first + 1) };
  yield* new Lines(body, trimmed(body, end, body.length).start, line + 1).read();
}

/** At least as many values as `readLines` finds in the body, found by its separators alone; the search ends beyond `enough`. */
export function countValues(body: Uint8Array, enough: number): number {
  const first = trimmed(body, 0, body.length).start;
  const opens = body[first] === 0xef ? trimmed(body, first + 3, body.length).start : first;
  const elements = body[opens] === openBracket ? elementsOf(body, opens, enough) : undefined;
  const from = elements ? elements.end : opens;
  return (elements?.spans.length ?? 0) + 1 + linesBetween(body, from, body.length);
}

const openBracket = 0x5b;
const openBrace = 0x7b;
const notClosed: Unreadable = { kind: 'unreadable', code: 'invalid_json', message: 'The array has no closing bracket' };

const entryOf = (body: Uint8Array, { start, end }: Span, line: number): Entry => {
  const bytes = body.subarray(start, end);
  return { ...readJson(bytes), line, bytes };
};
/** How many bytes may be searched in vain for the end of objects that span lines; keeps hostile bodies linear. */
const patience = 8 * sizes.inputRecord;

class Lines {
  readonly #body: Uint8Array;
  #at: number;
  #line: number;
  #patience = patience;

  constructor(body: Uint8Array, start: number, line: number) {
    this.#body = body;
    this.#at = start;
    this.#line = line;
  }

  *read(): Generator<Entry> {
    while (this.#at < this.#body.length) {
      const end = lineEnd(this.#body, this.#at);
      const span = trimmed(this.#body, this.#at, end);
      if (span.end === span.start) this.#advance(end + 1);
      else yield this.#next(span);
    }
  }

  #next(span: Span): Entry {
    const line = this.#line;
    let entry = entryOf(this.#body, span, line);
    if (isBroken(entry) && this.#body[span.start] === openBrace) entry = this.#longer(span) ?? entry;
    this.#advance(lineEnd(this.#body, span.start + entry.bytes.length) + 1);
    return entry;
  }

  /** The object that begins in this line and ends in a later one, or all that is left of it. */
  #longer(span: Span): Entry | undefined {
    if (this.#patience <= 0) return undefined;
    const { closed, end } = closingOf(this.#body, span.start);
    if (closed && end <= span.end) return undefined;
    const tail = trimmed(this.#body, end, lineEnd(this.#body, end));
    const whole = { start: span.start, end };
    const entry = closed && tail.end === tail.start ? entryOf(this.#body, whole, this.#line) : undefined;
    if (entry && !isBroken(entry)) return entry;
    this.#patience -= end - span.start;
    return entryOf(this.#body, { start: span.start, end: this.#endOfBroken(span.end) }, this.#line);
  }

  /** Continuation lines are indented or begin with a key or a bracket; a line that is an object of its own is none. */
  #endOfBroken(from: number): number {
    let broken = from;
    for (let at = lineEnd(this.#body, from) + 1; at < this.#body.length; at = lineEnd(this.#body, at) + 1) {
      if (!continues.includes(this.#body[at] ?? 0)) break;
      const span = trimmed(this.#body, at, lineEnd(this.#body, at));
      const begins = this.#body[span.start] === openBrace;
      if (begins && readJson(this.#body.subarray(span.start, span.end)).kind === 'value') break;
      if (span.end > span.start) broken = span.end;
    }
    return broken;
  }

  #advance(to: number): void {
    this.#line += linesBetween(this.#body, this.#at, to);
    this.#at = to;
  }
}

const isBroken = (entry: Entry): boolean => entry.kind === 'unreadable' && entry.code === 'invalid_json';
const continues: readonly number[] = [...' \t\r\n}]"'].map((character) => character.charCodeAt(0));
