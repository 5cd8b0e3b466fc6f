import type { Attestation, ChainResult } from './chain.ts';
import { ChainVerifier } from './chain.ts';
import type { Fault } from './fault.ts';

/** What came of verifying a log or an export. */
export interface AuditVerification {
  /** True when there is no fault at all. */
  readonly ok: boolean;
  readonly records: number;
  readonly checkpoints: number;
  /** Whether the signatures of checkpoints were checked; without a key they attest nothing against whoever can write them. */
  readonly signatures: 'verified' | 'unverified';
  readonly streams: readonly ChainResult[];
  /** At most one of the records of each stream, then those of the checkpoints and of the frame. */
  readonly faults: readonly Fault[];
  readonly firstBad?: Fault;
}

/** Sums up; a stream that only a checkpoint knows of is missing as a whole. */
export function verificationOf(found: {
  readonly streams: readonly ChainResult[];
  readonly attested: ReadonlyMap<string, readonly Attestation[]>;
  readonly otherFaults: readonly Fault[];
  readonly checkpoints: number;
  readonly signatures: AuditVerification['signatures'];
}): AuditVerification {
  const seen = new Set(found.streams.map(({ stream }) => stream));
  const absent = [...found.attested]
    .filter(([stream]) => !seen.has(stream))
    .map(([stream, attestations]) => new ChainVerifier(stream, attestations).finish());
  const streams = [...found.streams, ...absent];
  const faults = [...streams.flatMap(({ fault }) => (fault ? [fault] : [])), ...found.otherFaults];
  const [firstBad] = faults;
  return {
    ok: faults.length === 0,
    records: streams.reduce((sum, { records }) => sum + records, 0),
    checkpoints: found.checkpoints,
    signatures: found.signatures,
    streams,
    faults,
    ...(firstBad && { firstBad }),
  };
}
