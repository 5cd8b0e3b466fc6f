import { randomBytes } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './sync-directory.ts';

/** A secret of the installation that is unusable; the text says what to do and quotes nothing of it. */
export class PrivateFileError extends Error {
  override readonly name = 'PrivateFileError';
}

/** The content of a file that only its owner may read; undefined when there is none. */
export async function readPrivateFile(path: string): Promise<string | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { mode } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o077) !== 0)
      throw new PrivateFileError(`${path} must belong to its owner alone: chmod 600 ${path}`);
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

/**
 * Reads the file, or creates it with what `make` gives: mode 0600, complete and on disk before it has its name, so that of
 * two processes that create it at once both read the same.
 */
export async function readOrCreatePrivateFile(path: string, make: () => string): Promise<string> {
  const existing = await readPrivateFile(path);
  if (existing !== undefined) return existing;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeDurably(draft, make());
  try {
    await link(draft, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
  } finally {
    await unlink(draft);
  }
  // Even when the other process made it: what we do with it must not outlive the name.
  await syncDirectory(dirname(path));
  const created = await readPrivateFile(path);
  if (created === undefined) throw new PrivateFileError(`${path} vanished while it was being created`);
  return created;
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
