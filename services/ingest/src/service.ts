import { type AnyProcessor, type Digest, SignalIds } from '@tocsin/core';
import { signalsProcessor } from './signals-processor.ts';

export interface IngestPorts {
  readonly digest: Digest;
}

export interface IngestConfig {
  /** The installation's secret: signal ids are certified with it. */
  readonly secret: Uint8Array;
}

/** What the service runs, in its fused order. */
export const ingestService = ({ digest }: IngestPorts, { secret }: IngestConfig): readonly AnyProcessor[] => [
  signalsProcessor({ digest, ids: new SignalIds({ digest, secret }) }),
];
