import type { TextRange } from './query-node.ts';

/** Why a text is not a query. */
export interface QueryProblem {
  /** The part that is wrong; empty (`from` = `to`) where something is missing. */
  readonly range: TextRange;
  /** What should stand there, such as `a value after status:`. */
  readonly expected: string;
  /** Place (counted from 1), what is there and what is expected, to follow a verb: `at character 5: there is …`. */
  readonly detail: string;
  /** The same as a sentence. */
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
  const missing = range.from < text.length ? 'there is nothing' : 'the query ends';
  const what = found === '' ? missing : `there is "${shown}"`;
  const detail = `at ${place}: ${what}, expected is ${expected}`;
  return { range, expected, detail, message: `Cannot read the query ${detail}.` };
}
