/**
 * - `tombstone`: there is no value.
 * - `no_schema_id`: it does not begin with a zero byte and an id.
 * - `unknown_schema`: the registry has no schema of this id, or none in Avro.
 * - `foreign_record`: a record that has no business on this topic.
 * - `unreadable_schema`: written in a shape that the present one cannot read.
 * - `malformed`: cut short, too long, or not what its schema says.
 */
export const undecodableCodes = [
  'tombstone',
  'no_schema_id',
  'unknown_schema',
  'foreign_record',
  'unreadable_schema',
  'malformed',
] as const;
export type UndecodableCode = (typeof undecodableCodes)[number];

/** Bytes that are no value of their topic. What becomes of them is for the reader to say: a dead letter, or the end of a task. */
export class Undecodable extends Error {
  readonly code: UndecodableCode;
  constructor(code: UndecodableCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'Undecodable';
    this.code = code;
  }
}

export type Decoded =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: Undecodable };
