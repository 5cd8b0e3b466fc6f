import type { Json } from '../json.ts';
import type { Severity } from '../severity.ts';
import type { SignalState } from '../signal/lifecycle.ts';
import type { SignalView } from '../signal/view.ts';
import type { Instant } from '../time.ts';
import type { Projection } from './projection.ts';

/** All given conditions hold; values inside one are alternatives. */
export interface SignalFilter {
  readonly org: string;
  /** On `createdAt`: from inclusive, to exclusive. */
  readonly from?: Instant;
  readonly to?: Instant;
  readonly states?: readonly SignalState[];
  readonly severities?: readonly Severity[];
  readonly sources?: readonly string[];
  readonly ruleIds?: readonly string[];
  readonly ruleTypes?: readonly string[];
  readonly tags?: readonly string[];
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
  /** Newest first by `createdAt` unless `oldest`. */
  list(
    filter: SignalFilter,
    page: { readonly limit: number; readonly cursor?: string; readonly order: 'newest' | 'oldest' },
  ): Promise<Page<SignalView>>;
  /** Every audit record about a subject (or everything), oldest first. */
  audit(
    filter: { readonly org: string; readonly subject?: string },
    page: { readonly limit: number; readonly cursor?: string; readonly order: 'newest' | 'oldest' },
  ): Promise<Page<AuditRow>>;
  /** Sum of detections counted in signals, and how many signals there are. */
  totals(org: string): Promise<{ readonly signals: number; readonly detections: number }>;
}
