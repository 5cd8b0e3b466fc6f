import type { Digest } from '../digest.ts';
import { isJsonObject } from '../json.ts';
import { isoOf, type Instant } from '../time.ts';
import { canonical } from './canonical.ts';
import type { Attestation } from './chain.ts';
import type { Fault } from './fault.ts';
import { genesisHash } from './record.ts';

/**
 * A signed statement that the first `size` records of a stream end in `last_hash`. Kept outside the store that it speaks of, it is
 * what makes a truncated or wholly re-chained log show. Checkpoints of a stream are a chain themselves.
 */
export interface Checkpoint {
  readonly type: 'audit-checkpoint';
  readonly stream: string;
  readonly size: number;
  readonly last_hash: string;
  /** SHA-256 of the canonical text of the stream's checkpoint before; 64 zeros for the first. */
  readonly previous_checkpoint_hash: string;
  /** ISO 8601, clock of the signer. */
  readonly time: string;
  /** First 16 hex digits of the SHA-256 of the public key (DER, SubjectPublicKeyInfo). */
  readonly key_id: string;
}

/** A checkpoint as it is stored. `text` is canonical; the signature (Ed25519, hex) is over its UTF-8 bytes. */
export interface SignedCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly text: string;
  readonly signature: string;
}

/** False also for a key that is not known. */
export type VerifySignature = (keyId: string, text: string, signature: string) => boolean;

/** The text to be signed for a stream that has grown to `size`. */
export function checkpointText(about: {
  readonly stream: string;
  readonly size: number;
  readonly lastHash: string;
  /** Text of the stream's checkpoint before. */
  readonly previous: string | undefined;
  readonly time: Instant;
  readonly keyId: string;
  readonly digest: Digest;
}): string {
  const { stream, size, lastHash, previous, time, keyId, digest } = about;
  return canonical({
    type: 'audit-checkpoint',
    stream,
    size,
    last_hash: lastHash,
    previous_checkpoint_hash: previous === undefined ? genesisHash : digest.sha256(previous),
    time: isoOf(time),
    key_id: keyId,
  });
}

/** One line: what stands in the topic, in the file outside and in exports. The signed text is inside, verbatim. */
export const checkpointLine = (text: string, signature: string): string =>
  `{"checkpoint":${text},"signature":"${signature}"}`;

const frame = /^\{"checkpoint":(\{.*\}),"signature":"([0-9a-f]{128})"\}$/;
const hashForm = /^[0-9a-f]{64}$/;

/** Undefined for anything but a line that `checkpointLine` can have written. */
export function parseCheckpoint(line: string): SignedCheckpoint | undefined {
  const [, text, signature] = frame.exec(line) ?? [];
  if (text === undefined || signature === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isCheckpoint(value) ? { checkpoint: value, text, signature } : undefined;
  } catch {
    return undefined;
  }
}

function isCheckpoint(value: unknown): value is Checkpoint {
  if (!isJsonObject(value)) return false;
  const { type, stream, size, last_hash, previous_checkpoint_hash, time, key_id } = value;
  const hashes = [last_hash, previous_checkpoint_hash];
  return (
    type === 'audit-checkpoint' &&
    [stream, time, key_id].every((text) => typeof text === 'string') &&
    hashes.every((hash) => typeof hash === 'string' && hashForm.test(hash)) &&
    Number.isSafeInteger(size) &&
    Number(size) > 0
  );
}

export interface CheckpointsRead {
  readonly byStream: ReadonlyMap<string, readonly Attestation[]>;
  readonly count: number;
  readonly faults: readonly Fault[];
}

/**
 * Reads checkpoint lines in their order. Only what is signed by a known key attests anything (everything does when there is no
 * `verify`). `whole` demands that each stream's checkpoints are a chain from its first on: so for what a log or an export holds; what
 * an auditor kept may be any selection. The same line again is no fault: writers repeat themselves after a crash.
 */
export function readCheckpoints(
  lines: Iterable<string>,
  {
    verify,
    digest,
    whole,
  }: { readonly verify: VerifySignature | undefined; readonly digest: Digest; readonly whole: boolean },
): CheckpointsRead {
  const byStream = new Map<string, Attestation[]>();
  const last = new Map<string, SignedCheckpoint>();
  const faults: Fault[] = [];
  let count = 0;
  for (const line of lines) {
    const signed = parseCheckpoint(line);
    count += 1;
    if (!signed) {
      faults.push({ stream: 'audit-checkpoints', seq: count - 1, reason: 'checkpoint_unreadable' });
      continue;
    }
    const { stream, size, last_hash: lastHash, key_id } = signed.checkpoint;
    const before = last.get(stream);
    if (signed.text === before?.text && signed.signature === before.signature) continue;
    if (verify && !verify(key_id, signed.text, signed.signature)) {
      faults.push({ stream, seq: size - 1, reason: 'checkpoint_signature' });
      continue;
    }
    if (whole && !continues(signed, before, digest)) faults.push({ stream, seq: size - 1, reason: 'checkpoint_chain' });
    last.set(stream, signed);
    const attestations = byStream.get(stream) ?? [];
    attestations.push({ size, lastHash });
    byStream.set(stream, attestations);
  }
  return { byStream, count, faults };
}

/** Whether a checkpoint is the next one of its stream. */
export const continues = (
  { checkpoint }: SignedCheckpoint,
  before: SignedCheckpoint | undefined,
  digest: Digest,
): boolean =>
  checkpoint.size > (before?.checkpoint.size ?? 0) &&
  checkpoint.previous_checkpoint_hash === (before ? digest.sha256(before.text) : genesisHash);
