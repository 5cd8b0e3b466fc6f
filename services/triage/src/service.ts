import { type AnyProcessor, CommandKeys, type Digest, SignalIds } from '@tocsin/core';
import { triageProcessor } from './triage-processor.ts';

export interface TriagePorts {
  readonly digest: Digest;
}

export interface TriageConfig {
  /** The installation's secret: signal ids are certified with it. */
  readonly secret: Uint8Array;
  /** Commands bear the signature of one of these. */
  readonly commandSecrets: readonly Uint8Array[];
  /** Partition count of the log. */
  readonly partitions: number;
}

/** What the service runs. */
export const triageService = (
  { digest }: TriagePorts,
  { secret, commandSecrets, partitions }: TriageConfig,
): readonly AnyProcessor[] => [
  triageProcessor({
    signalIds: new SignalIds({ digest, secret }),
    commands: new CommandKeys({ digest, secrets: commandSecrets }),
    partitions,
  }) as AnyProcessor,
];
