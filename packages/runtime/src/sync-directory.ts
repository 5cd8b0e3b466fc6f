import { open } from 'node:fs/promises';
import process from 'node:process';

/** Makes the names in a directory durable: a new file is on disk only once its directory is. Not needed, nor possible, on Windows. */
export async function syncDirectory(path: string): Promise<void> {
  if (process.platform === 'win32') return;
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
