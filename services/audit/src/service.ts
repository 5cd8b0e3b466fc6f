import type { AnyProcessor, Digest, Duration, EventLog, TopicName } from '@tocsin/core';
import { type AuditSigner, auditSigner } from './audit-keys.ts';
import { auditProcessor } from './audit-processor.ts';
import { CheckpointWriter } from './checkpoint-writer.ts';

export interface AuditPorts {
  readonly log: EventLog;
  readonly digest: Digest;
}

export interface AuditConfig {
  /** Holds `audit.key` and `audit.pub`. */
  readonly dataDirectory: string;
  /** Holds `checkpoints.ndjson`; the data directory unless given. */
  readonly checkpointDirectory?: string | undefined;
  /** At the latest so long after a record, a checkpoint attests it. 60 s. */
  readonly checkpointEveryMs?: Duration | undefined;
  /** Dead-letter topics of the processors that have some. */
  readonly deadLetters?: readonly TopicName[] | undefined;
}

/** Something that acts on the world and runs until its signal aborts. */
export interface AuditEffect {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

export interface AuditService {
  /** Last in a fused list: it records what the others write. */
  readonly processors: readonly AnyProcessor[];
  /** To be stopped after the processors and before the log. */
  readonly effects: readonly AuditEffect[];
  /** PEM. */
  readonly publicKey: string;
}

/** What the service runs. Makes the signing key at first start. */
export async function auditService(
  { log, digest }: AuditPorts,
  { dataDirectory, checkpointDirectory = dataDirectory, checkpointEveryMs: everyMs, deadLetters = [] }: AuditConfig,
): Promise<AuditService> {
  const signer = await auditSigner(dataDirectory);
  return {
    processors: [auditProcessor({ digest, deadLetters })],
    effects: [
      new CheckpointWriter({
        log,
        digest,
        signer,
        directory: checkpointDirectory,
        ...(everyMs !== undefined && { everyMs }),
      }),
    ],
    publicKey: signer.publicKey,
  };
}

/** Dead-letter topics of the processors that read what others write. */
export const processorDeadLetters: readonly TopicName[] = ['triage.dead', 'control.dead'];

/**
 * The same where several instances share the work. Exactly one of them has a `writer`: two that sign would contradict each
 * other, and the alarm would be raised.
 */
export function clusterAuditService(
  { log, digest }: AuditPorts,
  { writer }: { readonly writer?: { readonly signer: AuditSigner; readonly directory: string } | undefined },
): Pick<AuditService, 'processors' | 'effects'> {
  return {
    processors: [auditProcessor({ digest, deadLetters: processorDeadLetters })],
    effects: writer ? [new CheckpointWriter({ log, digest, ...writer })] : [],
  };
}
