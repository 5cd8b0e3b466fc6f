/** A stretch of a body: `start` inclusive, `end` exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const lineFeed = 0x0a;
const quote = 0x22;
const comma = 0x2c;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x09 || byte === lineFeed || byte === 0x0d;

/** The same stretch without the JSON white space around it. */
export function trimmed(body: Uint8Array, start: number, end: number): Span {
  let from = start;
  let to = end;
  while (from < to && isSpace(body[from])) from += 1;
  while (to > from && isSpace(body[to - 1])) to -= 1;
  return { start: from, end: to };
}

/** Where the line that holds `from` ends: at its line feed or at the end of the body. */
export function lineEnd(body: Uint8Array, from: number): number {
  const found = body.indexOf(lineFeed, from);
  return found === -1 ? body.length : found;
}

/** Line feeds between two places. */
export function linesBetween(body: Uint8Array, from: number, to: number): number {
  let count = 0;
  for (let at = body.indexOf(lineFeed, from); at !== -1 && at < to; at = body.indexOf(lineFeed, at + 1)) count += 1;
  return count;
}

/** The index behind the string that opens at `open`; the end of the body when it never closes. */
function behindString(body: Uint8Array, open: number): number {
  let at = open + 1;
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1;
  return Math.min(at + 1, body.length);
}

/** Where the brace at `open` closes (`end` is behind it), or how far the search went in vain. */
export function closingOf(body: Uint8Array, open: number): { readonly closed: boolean; readonly end: number } {
  let depth = 0;
  let at = open;
  while (at < body.length && depth <= searchDepth) {
    const byte = body[at];
    if (byte === quote) {
      at = behindString(body, at);
      continue;
    }
    if (byte === openBrace || byte === openBracket) depth += 1;
    if (byte === closeBrace || byte === closeBracket) depth -= 1;
    at += 1;
    if (depth === 0) return { closed: true, end: at };
  }
  return { closed: false, end: at };
}
const searchDepth = 256;

export interface Elements {
  readonly spans: readonly Span[];
  /** False when the closing bracket is missing. */
  readonly closed: boolean;
  /** Behind the closing bracket. */
  readonly end: number;
}

/**
 * The elements of the array whose bracket stands at `open`, split at its own commas; nothing of them is checked. The search
 * ends, as if the array did, when there are more than `enough`.
 */
export function elementsOf(body: Uint8Array, open: number, enough = Number.POSITIVE_INFINITY): Elements {
  const spans: Span[] = [];
  let depth = 0;
  let from = open + 1;
  for (let at = from; at < body.length && spans.length <= enough; ) {
    const byte = body[at];
    if (byte === quote) {
      at = behindString(body, at);
      continue;
    }
    if (depth === 0 && (byte === comma || byte === closeBracket)) {
      const span = trimmed(body, from, at);
      if (byte === comma || spans.length > 0 || span.end > span.start) spans.push(span);
      if (byte === closeBracket) return { spans, closed: true, end: at + 1 };
      from = at + 1;
    } else if (byte === openBrace || byte === openBracket) depth += 1;
    else if (byte === closeBrace || byte === closeBracket) depth = Math.max(0, depth - 1);
    at += 1;
  }
  const rest = trimmed(body, from, body.length);
  if (rest.end > rest.start) spans.push(rest);
  return { spans, closed: false, end: body.length };
}
