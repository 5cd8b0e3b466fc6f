import {
  type RuleType,
  ruleTypes,
  severities,
  type Severity,
  type SignalFilter,
  type SignalView,
  signalStates,
  type SignalState,
} from '@tocsin/core';
import fc from 'fast-check';

/** The oracle of every filter: the same words over a view in memory. */
export function matches(filter: SignalFilter, view: SignalView): boolean {
  const { org, from, to, states, severities, sources, ruleIds, ruleTypes, tags } = filter;
  const among = <T>(values: readonly T[] | undefined, value: T): boolean =>
    values === undefined || values.includes(value);
  return (
    view.org === org &&
    (from === undefined || view.createdAt >= from) &&
    (to === undefined || view.createdAt < to) &&
    among(states, view.triage.state) &&
    among(severities, view.severity) &&
    among(sources, view.source) &&
    among(ruleIds, view.rule.id) &&
    among(ruleTypes, view.ruleType) &&
    (tags === undefined || tags.some((tag) => view.tags.includes(tag)))
  );
}

const some = <T>(values: readonly T[]): fc.Arbitrary<T[]> =>
  fc.uniqueArray(fc.constantFrom(...values), { minLength: 1, maxLength: 3 });

/** Filters that hit some of the signals of a history. */
export const filters = (views: readonly SignalView[]): fc.Arbitrary<SignalFilter> => {
  const times = views.map(({ createdAt }) => createdAt);
  return fc.record(
    {
      org: fc.constantFrom('main', 'main', 'main', 'other'),
      from: fc.constantFrom(...times),
      to: fc.constantFrom(...times).map((time) => time + 1_000),
      states: some<SignalState>(signalStates),
      severities: some<Severity>(severities),
      sources: some(['falco', 'suricata', 'wazuh', "x' OR '1'='1"]),
      ruleIds: some(['rule-0', 'rule-1', 'rule-9']),
      ruleTypes: some<RuleType>(ruleTypes),
      tags: some(['env:prod', 'env:test', 'team:1', 'late:yes', 'nobody']),
    },
    { requiredKeys: ['org'] },
  );
};
