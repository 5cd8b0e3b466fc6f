import type { Digest, Instant } from '@tocsin/core';
import { z } from 'zod';
import { secretText } from './config-shapes.ts';

/** `whsec_` and base64, or base64 alone, of 24 to 64 bytes; undefined for anything else. */
export function signingKeyOf(secret: string): Uint8Array | undefined {
  const text = secret.replace(/^whsec_/, '');
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  const key = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  return key.length >= 24 && key.length <= 64 ? key : undefined;
}

const signingSecret = secretText(
  (value) => signingKeyOf(value) !== undefined,
  'a signing secret is "whsec_" and the base64 of 24 to 64 bytes',
);
/** One secret, or several while they are being rotated: each of them signs. */
export const signingSecrets = z.union([signingSecret, z.array(signingSecret).min(1).max(4)]);
export type SigningSecrets = z.output<typeof signingSecrets>;

export interface ToSign {
  /** Constant over all attempts. */
  readonly id: string;
  readonly now: Instant;
  readonly body: string;
  readonly secrets?: SigningSecrets | undefined;
}

const base64OfHex = (hex: string): string =>
  btoa(hex.replace(/../g, (byte) => String.fromCharCode(Number.parseInt(byte, 16))));

/** The headers of Standard Webhooks 1.0; unsigned without a secret. */
export function standardHeaders(
  { id, now, body, secrets = [] }: ToSign,
  digest: Digest,
): Readonly<Record<string, string>> {
  const timestamp = `${Math.floor(now / 1_000)}`;
  const signatures = [secrets].flat().map((secret) => {
    const key = signingKeyOf(secret);
    if (!key) throw new Error('a signing secret that the configuration schema refuses');
    return `v1,${base64OfHex(digest.hmacSha256(key, `${id}.${timestamp}.${body}`))}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    ...(signatures.length > 0 && { 'webhook-signature': signatures.join(' ') }),
  };
}
