import type { Json } from '../json.ts';
import type { Query } from '../query/query-node.ts';
import type { SignalView } from '../signal/view.ts';
import type { Instant } from '../time.ts';
import type { Projection } from './projection.ts';
import type { AggregateGroup, AggregateRequest, Facet, FacetRequest } from './signal-counts.ts';

/** All given conditions hold. */
export interface SignalFilter {
  readonly org: string;
  /** On `createdAt`: from inclusive, to exclusive. */
  readonly from?: Instant;
  readonly to?: Instant;
  readonly query?: Query;
}

/**
 * By the first value that a signal has of a declared field (see `searchFields`): numbers and times by size, fields with ranks
 * by rank, texts by code point. Signals without a value come last in either direction; equal ones are ordered by id.
 */
export interface SignalSort {
  /** Canonical name of the field. */
  readonly field: string;
  readonly descending: boolean;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. Survives inserts: nothing is shown twice or skipped. */
  readonly next?: string;
}

/** A row of the audit trail as it is searched; `record` is the stored canonical JSON. */
export interface AuditRow {
  readonly stream: string;
  readonly seq: number;
  readonly hash: string;
  readonly record: Json;
}

export interface ReadModel {
  readonly projection: Projection;
  get(org: string, id: string): Promise<SignalView | undefined>;
  /** A cursor belongs to the order it was given for. Rejects with the code `BAD_CURSOR` for any other. */
  list(
    filter: SignalFilter,
    page: { readonly limit: number; readonly cursor?: string; readonly sort: SignalSort },
  ): Promise<Page<SignalView>>;
  /**
   * Counts the values of each key over what the filter finds without what its query asks of that key (see `withoutKey`): what
   * could be chosen instead. In the order of the keys.
   */
  facets(filter: SignalFilter, request: FacetRequest): Promise<readonly Facet[]>;
  /** Highest first. Without keys to group by: one group, of everything, also when that is nothing. */
  aggregate(filter: SignalFilter, request: AggregateRequest): Promise<readonly AggregateGroup[]>;
  /** Every audit record about a subject (or everything), oldest first. */
  audit(
    filter: { readonly org: string; readonly subject?: string },
    page: { readonly limit: number; readonly cursor?: string; readonly order: 'newest' | 'oldest' },
  ): Promise<Page<AuditRow>>;
  /** Sum of detections counted in signals, and how many signals there are. */
  totals(org: string): Promise<{ readonly signals: number; readonly detections: number }>;
}
