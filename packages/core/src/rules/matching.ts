import type { Selectors } from '../config/objects.ts';
import type { SignalSnapshot } from '../signal/snapshot.ts';

/** What a selector looks at. A snapshot and a view of a signal are both good for it. */
export type Matched = Pick<SignalSnapshot, 'severity' | 'ruleType' | 'source' | 'tags'>;

/** A selector that did not hold: what it asks for, and what the signal has. */
export interface Mismatch {
  readonly selector: 'severities' | 'rule_types' | 'sources' | 'tags';
  readonly wanted: readonly string[];
  readonly found: readonly string[];
}

/**
 * Whether a signal meets the selectors of a notification rule: every selector that is given must hold. Severities, rule types
 * and sources are alternatives; of the tags, all must be on the signal. A selector that is absent or empty asks for nothing.
 */
export const matches = (selectors: Selectors, signal: Matched): boolean =>
  oneOf(selectors.severities, signal.severity) &&
  oneOf(selectors.rule_types, signal.ruleType) &&
  oneOf(selectors.sources, signal.source) &&
  allOf(selectors.tags, signal.tags);

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
  return failed;
}

const oneOf = (wanted: readonly string[] | undefined, found: string): boolean =>
  wanted === undefined || wanted.length === 0 || wanted.includes(found);

const allOf = (wanted: readonly string[] | undefined, found: readonly string[]): boolean =>
  wanted === undefined || wanted.every((tag) => found.includes(tag));
