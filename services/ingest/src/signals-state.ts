import type { Codec, Group, Instant, Ledger } from '@tocsin/core';
import { type PackedGroup, packGroup, unpackGroup } from '@tocsin/core';

/**
 * An entry of the signal builder's state: the live signals of a group (`group:…`), when to forget that a detection was seen
 * (`seen:<detection id>`), or the balance of the partition (`ledger`).
 */
export type SignalsEntry = Group | Instant | Ledger;

export { ledgerKey } from '@tocsin/core';
export const seenKey = (detectionId: string): string => `seen:${detectionId}`;

export const isGroup = (entry: SignalsEntry | undefined): entry is Group =>
  typeof entry === 'object' && 'sessions' in entry;
export const isLedger = (entry: SignalsEntry | undefined): entry is Ledger =>
  typeof entry === 'object' && 'accepted' in entry;

export const signalsCodec: Codec<SignalsEntry> = {
  version: 1,
  encode: (entry) => JSON.stringify(isGroup(entry) ? packGroup(entry) : entry),
  decode(text, version) {
    if (version !== 1) throw new Error(`signal builder state of version ${version} is not known to this release`);
    const entry: unknown = JSON.parse(text);
    return Array.isArray(entry) ? unpackGroup(entry as unknown as PackedGroup) : (entry as Instant | Ledger);
  },
};
