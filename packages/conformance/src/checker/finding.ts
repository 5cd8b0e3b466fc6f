/** Kinds of fault that a run can show. A report always counts all of them, zero or not. */
export const faultKinds = [
  /** Acknowledged or decided, and then nowhere. */
  'lost',
  /** There twice where once was promised. */
  'duplicate',
  /** In another order than its numbers say. */
  'reordered',
  /** A number is missing. */
  'gap',
  /** One half of what commits together: an event without its audit record, a broken chain. */
  'torn',
  /** Nothing caused it. */
  'phantom',
  /** Refers to a record by its place, but with a content that never was committed there. */
  'aborted-read',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Finding {
  readonly kind: FaultKind;
  /** Place in the log, or id. */
  readonly where: string;
  readonly what: string;
}

export const finding = (kind: FaultKind, where: string, what: string): Finding => ({ kind, where, what });
