import { createHmac, createHash } from 'node:crypto';
import { CommandKeys } from '@tocsin/core';

/** The keys of every test that writes commands itself: it signs as a door would, and its processors verify with the same. */
export const testCommandKeys = new CommandKeys({
  digest: {
    sha256: (data) => createHash('sha256').update(data).digest('hex'),
    hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
  },
  secrets: [new TextEncoder().encode('commands of tests, nowhere else!')],
});
