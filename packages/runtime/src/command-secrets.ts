import { join } from 'node:path';
import { installationSecret } from './installation-secret.ts';
import { PrivateFileError, readPrivateFile } from './private-file.ts';

/**
 * The secrets that commands are signed with, for `CommandKeys`: the first signs, all verify. Without `command.secrets` in the
 * data directory it is the installation's own; with it, what stands there and nothing else: one secret a line, 64 hex digits.
 * A damaged file is an error.
 */
export async function commandSecrets(dataDirectory: string): Promise<readonly Uint8Array[]> {
  const path = join(dataDirectory, 'command.secrets');
  const text = await readPrivateFile(path);
  if (text === undefined) return [await installationSecret(dataDirectory)];
  const lines = text.split(/\r?\n/).filter((line) => line !== '');
  if (lines.length === 0 || !lines.every((line) => /^[0-9a-f]{64}$/.test(line)))
    throw new PrivateFileError(
      `${path} must hold secrets of 64 hex digits (0-9, a-f), one a line, the one that signs first`,
    );
  return lines.map((line) => new Uint8Array(Buffer.from(line, 'hex')));
}
