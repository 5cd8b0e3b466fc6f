import { Buffer } from 'node:buffer';

/** A cursor that was not made here, or was changed on the way. */
export class BadCursor extends Error {
  readonly code = 'BAD_CURSOR';
  constructor() {
    super('the cursor is not one that this API gave out: start again without it');
    this.name = 'BadCursor';
  }
}

/** Opaque to clients: the sort key of the last row of a page. */
export const cursorOf = (key: readonly [string, string]): string =>
  Buffer.from(JSON.stringify(key)).toString('base64url');

export function readCursor(cursor: string | undefined): readonly [string, string] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
    if (Array.isArray(key) && key.length === 2 && typeof key[1] === 'string' && /^\d{1,18}$/.test(String(key[0])))
      return [String(key[0]), key[1]];
  } catch {
    throw new BadCursor();
  }
  throw new BadCursor();
}
