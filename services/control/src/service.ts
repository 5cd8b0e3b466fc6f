import { type AnyProcessor, CommandKeys, type Digest } from '@tocsin/core';
import { controlProcessor } from './control-processor.ts';

export interface ControlPorts {
  readonly digest: Digest;
}

export interface ControlConfig {
  /** Commands bear the signature of one of these. */
  readonly commandSecrets: readonly Uint8Array[];
}

/** What the service runs. */
export const controlService = (
  { digest }: ControlPorts,
  { commandSecrets }: ControlConfig,
): readonly AnyProcessor[] => [
  controlProcessor({ commands: new CommandKeys({ digest, secrets: commandSecrets }) }) as AnyProcessor,
];
