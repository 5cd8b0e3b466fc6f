import { type Codec, type CommandRejection, type Instant, type Json, jsonCodec, type Triage } from '@tocsin/core';

/** The first outcome of a command id, to answer it with when it comes again. */
export interface FirstOutcome {
  readonly kind: 'outcome';
  readonly at: Instant;
  /** Of the command's type and data: the same id with another content is a mistake of the caller, not a repeat. */
  readonly content: number;
  readonly eventId: string;
  /** As the command left it, or as it stood when it was refused; absent when there is no such signal. */
  readonly triage?: Triage;
  readonly refusal?: { readonly code: CommandRejection; readonly message: string; readonly asked?: Json };
}

/** State of the triage processor: one entry for each signal that somebody touched, one for each command id of the last day. */
export type TriageEntry = { readonly kind: 'signal'; readonly triage: Triage } | FirstOutcome;

export const triageCodec: Codec<TriageEntry> = jsonCodec<TriageEntry>(1);
