import { rmSync } from 'node:fs';
import type { Dialect } from 'kysely';
import { PgliteClient } from './pglite-client.ts';
import { pgliteDialect } from './pglite-dialect.ts';

/**
 * Opens the copy in a directory for Kysely. It holds no truth: one that will not open is deleted and made anew, and
 * `onDiscarded` is told why.
 */
export async function openPglite(directory: string, onDiscarded: (reason: unknown) => void): Promise<Dialect> {
  try {
    return pgliteDialect(await PgliteClient.open(directory));
  } catch (error) {
    onDiscarded(error);
    rmSync(directory, { recursive: true, force: true });
    return pgliteDialect(await PgliteClient.open(directory));
  }
}
