import type { Duration, Instant } from '../time.ts';

/** Which values to count. Keys are as in queries: a field, `@attribute`, or the key of a tag. */
export interface FacetRequest {
  readonly keys: readonly string[];
  /** Values of each key at most. */
  readonly limit: number;
  /** Only values that hold this, whatever the case of ASCII letters. */
  readonly contains?: string;
}

export interface ValueCount {
  readonly value: string;
  /** Signals that have the value, once each. */
  readonly count: number;
}

/** The values of one key. */
export interface Facet {
  /** As it was asked for. */
  readonly key: string;
  /** Most frequent first, equal ones by code point. */
  readonly values: readonly ValueCount[];
  /** How many different values there are. */
  readonly distinct: number;
}

/** What is worked out of a group of signals. All but `count` go over every value of the key; `unique` texts, the others numbers. */
export type Measure =
  | { readonly kind: 'count' }
  | { readonly kind: 'unique'; readonly key: string }
  | { readonly kind: 'min' | 'max' | 'avg' | 'sum'; readonly key: string }
  /** Between the two nearest numbers, in proportion. `percent` from 0 to 100. */
  | { readonly kind: 'percentile'; readonly key: string; readonly percent: number };

export interface AggregateRequest {
  /** Keys as in queries. A signal is in one group for each of its values, and in none where it has no value of a key. */
  readonly groupBy: readonly string[];
  /** At least one. */
  readonly measures: readonly Measure[];
  /** So many groups at most: those whose first measure is highest, equal ones by the code points of their values. */
  readonly limit: number;
  /** Also by stretches of this length of the creation of signals, counted from the epoch. */
  readonly interval?: Duration;
}

/** In the order of the measures; undefined where there is nothing to work it out of. */
export type Measured = readonly (number | undefined)[];

export interface AggregateGroup {
  /** In the order of `groupBy`. */
  readonly by: readonly string[];
  readonly totals: Measured;
  /** Stretches that have signals, in order. Empty unless an interval was asked for. */
  readonly series: readonly { readonly at: Instant; readonly measured: Measured }[];
}
