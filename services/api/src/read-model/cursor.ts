import { Buffer } from 'node:buffer';

/** A cursor that was not made here, was changed on the way, or belongs to another order. */
export class BadCursor extends Error {
  readonly code = 'BAD_CURSOR';
  constructor() {
    super('the cursor is not one that this API gave out for this order: start again without it');
    this.name = 'BadCursor';
  }
}

/** Opaque to clients: the sort key of the last row of a page. */
export const cursorOf = (key: readonly (string | null)[]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

/** The members of a cursor; whoever asks checks them. */
export function readCursorText(cursor: string): readonly unknown[] {
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(key)) return key;
  } catch {
    throw new BadCursor();
  }
  throw new BadCursor();
}

/** The place in the audit trail: a number of its stream, and the stream. */
export function readCursor(cursor: string | undefined): readonly [string, string] | undefined {
  if (cursor === undefined) return undefined;
  const [seq, stream, ...more] = readCursorText(cursor);
  if (more.length > 0 || typeof stream !== 'string' || !/^\d{1,18}$/.test(String(seq))) throw new BadCursor();
  return [String(seq), stream];
}
