import { createHmac, hash } from 'node:crypto';
import type { Digest } from '@tocsin/core';

/** `Digest` on Node's own crypto. */
export const nodeDigest: Digest = {
  sha256: (data) => hash('sha256', data, 'hex'),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
};
