import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { PrivateFileError, readOrCreatePrivateFile } from './private-file.ts';

const secretBytes = 32;

/**
 * The installation's own key (signal ids, MACs): 32 random bytes, kept as hex in `installation.secret` of the data directory,
 * made on first use. A damaged file is an error, never replaced: ids made with the lost key would stop being genuine.
 */
export async function installationSecret(dataDirectory: string): Promise<Uint8Array> {
  const path = join(dataDirectory, 'installation.secret');
  const text = await readOrCreatePrivateFile(path, () => `${randomBytes(secretBytes).toString('hex')}\n`);
  if (!/^[0-9a-f]{64}\n?$/.test(text)) throw new PrivateFileError(`${path} is damaged: restore it from a backup`);
  return new Uint8Array(Buffer.from(text.trim(), 'hex'));
}
