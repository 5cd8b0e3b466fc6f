import { rmSync } from 'node:fs';
import type { Dialect } from 'kysely';
import { PgliteClient } from './pglite-client.ts';
import { pgliteDialect } from './pglite-dialect.ts';

export interface PgliteCopy {
  readonly directory: string;
  /** What is there has failed: it is deleted unread. */
  readonly fresh: boolean;
  /** Told why a copy that would not open was deleted. */
  readonly onDiscarded: (reason: unknown) => void;
}

/** Opens the copy in a directory for Kysely. It holds no truth: one that will not open is deleted and made anew. */
export async function openPglite({ directory, fresh, onDiscarded }: PgliteCopy): Promise<Dialect> {
  if (fresh) rmSync(directory, { recursive: true, force: true });
  try {
    return pgliteDialect(await PgliteClient.open(directory));
  } catch (error) {
    onDiscarded(error);
    rmSync(directory, { recursive: true, force: true });
    return pgliteDialect(await PgliteClient.open(directory));
  }
}
