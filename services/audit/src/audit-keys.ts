import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { keyIdOf, PrivateFileError, readOrCreatePrivateFile } from '@tocsin/runtime';

/** Signs checkpoints. */
export interface AuditSigner {
  readonly keyId: string;
  /** PEM; what an auditor needs. */
  readonly publicKey: string;
  /** Ed25519, lower-case hex. */
  sign(text: string): string;
}

/**
 * The key that signs checkpoints: `audit.key` (0600), made at first use, with its public half in `audit.pub`. A public key of before
 * stays in `audit.pub`, so that what it signed can still be verified. A damaged key is an error, never replaced.
 */
export async function auditSigner(directory: string): Promise<AuditSigner> {
  const path = join(directory, 'audit.key');
  const signer = signerOf(keyIn(await readOrCreatePrivateFile(path, newKey), path));
  await publish(join(directory, 'audit.pub'), signer.publicKey);
  return signer;
}

export function signerOf(key: KeyObject): AuditSigner {
  const publicKey = createPublicKey(key);
  return {
    keyId: keyIdOf(publicKey),
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (text) => sign(null, Buffer.from(text), key).toString('hex'),
  };
}

const newKey = (): string =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();

function keyIn(pem: string, path: string): KeyObject {
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return key;
  } catch {
    // Said below; the cause could quote the key.
  }
  throw new PrivateFileError(`${path} is no Ed25519 key: restore it from a backup, or move it away to begin a new one`);
}

async function publish(path: string, pem: string): Promise<void> {
  const before = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  if (before.includes(pem.trim())) return;
  const draft = `${path}.draft`;
  const file = await open(draft, 'w', 0o644);
  try {
    await file.writeFile(`${before}${pem}`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
