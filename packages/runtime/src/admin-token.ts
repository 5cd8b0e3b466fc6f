import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { join } from 'node:path';
import { PrivateFileError, readOrCreatePrivateFile, readPrivateFile } from './private-file.ts';

const form = /^toc_[A-Za-z0-9_-]{43}$/;
const tokenPath = (dataDirectory: string): string => join(dataDirectory, 'admin.token');

/** `toc_` and 256 random bits. */
export const newToken = (): string => `toc_${randomBytes(32).toString('base64url')}`;

/** The token of the built-in administrator, in `admin.token` of the data directory (mode 0600), made on first use. */
export async function adminToken(dataDirectory: string): Promise<string> {
  const path = tokenPath(dataDirectory);
  return checked(path, await readOrCreatePrivateFile(path, () => `${newToken()}\n`));
}

/** The same for a client on the same machine: never creates one. */
export async function readAdminToken(dataDirectory: string): Promise<string | undefined> {
  const path = tokenPath(dataDirectory);
  const text = await readPrivateFile(path);
  return text === undefined ? undefined : checked(path, text);
}

/** Takes the same time wherever the texts differ, whatever their lengths. */
export function secretsEqual(one: string, other: string): boolean {
  const digest = (text: string) => hash('sha256', text, 'buffer');
  return timingSafeEqual(digest(one), digest(other));
}

function checked(path: string, text: string): string {
  const token = text.trim();
  if (!form.test(token)) throw new PrivateFileError(`${path} holds no token: delete it and restart to get a new one`);
  return token;
}
