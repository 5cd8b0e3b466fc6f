import {
  type Codec,
  type ConfigKind,
  type ConfigRejection,
  type Instant,
  type Json,
  type JsonObject,
  jsonCodec,
} from '@tocsin/core';

/** A configuration object as it is, or the version that it had when it was deleted: versions go on, should it come back. */
export interface HeldObject {
  readonly kind: 'object';
  readonly version: number;
  readonly name: string;
  readonly value: JsonObject | null;
}

/** One object whose name nobody else may have, or that names others. */
export interface IndexLine {
  readonly kind: ConfigKind;
  readonly id: string;
  readonly name: string;
  /** Handles that a rule targets, as `sink/slack` or `workflow/contain`. */
  readonly targets?: readonly string[];
}
/** What one object must know of all others. Small: rules and users only. */
export interface ObjectIndex {
  readonly kind: 'index';
  readonly lines: readonly IndexLine[];
}

/** The first outcome of a command id, to answer it with when it comes again within a day. */
export interface FirstOutcome {
  readonly kind: 'outcome';
  readonly at: Instant;
  readonly eventId: string;
  readonly name: string;
  readonly version: number;
  readonly refusal?: { readonly code: ConfigRejection; readonly message: string };
}

export type ControlEntry = HeldObject | ObjectIndex | FirstOutcome;
export const controlCodec: Codec<ControlEntry> = jsonCodec<ControlEntry>(1);

/** The JSON form of a parsed value: without the keys that are absent. */
export const jsonOf = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
