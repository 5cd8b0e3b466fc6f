import { createHash, createPublicKey, type KeyObject, verify } from 'node:crypto';
import type { VerifySignature } from '@tocsin/core';

/** Checks signatures against the public keys in a PEM text: one or several blocks. Throws when there is none. */
export function signaturesOf(pem: string): VerifySignature {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) throw new Error('no public key in PEM form (-----BEGIN PUBLIC KEY-----) was given');
  const keys = new Map(blocks.map((block) => createPublicKey(block)).map((key) => [keyIdOf(key), key]));
  return (keyId, text, signature) => {
    const key = keys.get(keyId);
    return key !== undefined && verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'));
  };
}

/** Names a public key in what it has signed: the beginning of its digest. */
export const keyIdOf = (key: KeyObject): string =>
  createHash('sha256')
    .update(key.export({ type: 'spki', format: 'der' }))
    .digest('hex')
    .slice(0, 16);
