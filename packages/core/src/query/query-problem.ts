import type { TextRange } from './query-node.ts';

/** Why a text is not a query. */
export interface QueryProblem {
  /** The part that is wrong; empty (`from` = `to`) where something is missing. */
  readonly range: TextRange;
  /** What should stand there, such as `a value after status:`. */
  readonly expected: string;
  /** One sentence for people, with the place counted from 1. */
  readonly message: string;
}

/** Thrown and caught inside the parser; never leaves `parseQuery`. */
export class Misread extends Error {
  readonly range: TextRange;
  readonly expected: string;
  constructor(expected: string, range: TextRange) {
    super(expected);
    this.range = range;
    this.expected = expected;
  }
}

/** The value that the caller of the parser gets. */
export function problemOf(text: string, { expected, range: meant }: Misread): QueryProblem {
  const range = { from: Math.min(meant.from, text.length), to: Math.min(meant.to, text.length) };
  const found = text.slice(range.from, range.to);
  const shown = found.length > 40 ? `${found.slice(0, 39)}…` : found;
  const place =
    range.to - range.from > 1 ? `characters ${range.from + 1} to ${range.to}` : `character ${range.from + 1}`;
  const what = found === '' ? 'the query ends' : `there is "${shown}"`;
  return { range, expected, message: `Cannot read the query at ${place}: ${what}, expected is ${expected}.` };
}
