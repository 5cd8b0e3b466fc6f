import type { Selectors } from '../config/objects.ts';
import { parseQuery } from '../query/parse-query.ts';
import { type QueryPredicate, queryPredicate } from '../query/query-predicate.ts';
import { type SearchedSignal, searchDocument } from '../query/search-document.ts';

/** What a selector looks at. A snapshot and a view of a signal are both good for it. */
export type Matched = SearchedSignal;

/** A selector that did not hold: what it asks for, and what the signal has. */
export interface Mismatch {
  readonly selector: 'severities' | 'rule_types' | 'sources' | 'tags' | 'query';
  /** Of a query: its text. */
  readonly wanted: readonly string[];
  /** Nothing for a query. */
  readonly found: readonly string[];
}

/**
 * Whether a signal meets the selectors of a notification rule: every selector that is given must hold. Severities, rule types
 * and sources are alternatives; of the tags, all must be on the signal; the query must find it. A selector that is absent or empty asks for nothing.
 */
export const matches = (selectors: Selectors, signal: Matched): boolean =>
  oneOf(selectors.severities, signal.severity) &&
  oneOf(selectors.rule_types, signal.ruleType) &&
  oneOf(selectors.sources, signal.source) &&
  allOf(selectors.tags, signal.tags) &&
  isFound(selectors, signal);

/** Why a signal does not match: the selectors that failed, none when it matches. */
export function explain(selectors: Selectors, signal: Matched): readonly Mismatch[] {
  const { severities = [], rule_types = [], sources = [], tags = [] } = selectors;
  const failed: Mismatch[] = [];
  if (!oneOf(severities, signal.severity))
    failed.push({ selector: 'severities', wanted: severities, found: [signal.severity] });
  if (!oneOf(rule_types, signal.ruleType))
    failed.push({ selector: 'rule_types', wanted: rule_types, found: [signal.ruleType] });
  if (!oneOf(sources, signal.source)) failed.push({ selector: 'sources', wanted: sources, found: [signal.source] });
  const missing = tags.filter((tag) => !signal.tags.includes(tag));
  if (missing.length > 0) failed.push({ selector: 'tags', wanted: missing, found: signal.tags });
  if (!isFound(selectors, signal)) failed.push({ selector: 'query', wanted: [selectors.query ?? ''], found: [] });
  return failed;
}

const isFound = (selectors: Selectors, signal: Matched): boolean =>
  selectors.query === undefined || predicateOf(selectors, selectors.query)(searchDocument(signal));

/** Rules are asked of every signal, so each query is prepared once. */
const predicates = new WeakMap<Selectors, QueryPredicate>();

function predicateOf(selectors: Selectors, query: string): QueryPredicate {
  const held = predicates.get(selectors);
  if (held) return held;
  const parsed = parseQuery(query);
  // The configuration takes only queries that can be read. One that another release wrote finds nothing.
  const predicate = parsed.ok ? queryPredicate(parsed.query.root) : () => false;
  predicates.set(selectors, predicate);
  return predicate;
}

const oneOf = (wanted: readonly string[] | undefined, found: string): boolean =>
  wanted === undefined || wanted.length === 0 || wanted.includes(found);

const allOf = (wanted: readonly string[] | undefined, found: readonly string[]): boolean =>
  wanted === undefined || wanted.every((tag) => found.includes(tag));
