import type { Held } from '../config/configuration.ts';
import type { SignalRuleObject } from '../config/objects.ts';

type Rules = ReadonlyMap<string, Held<SignalRuleObject>>;

/**
 * The most specific signal rule for a detection: the exact rule id before `prefix*`, then a rule that names the source before
 * one that does not, then the longest prefix, then the smallest id. Undefined when none matches.
 */
export function ruleFor(rules: Rules, source: string, ruleId: string): SignalRuleObject | undefined {
  if (rules.size === 0) return undefined;
  const { exact, prefixes } = indexOf(rules);
  return (
    exact.get(exactKey(source, ruleId)) ??
    exact.get(exactKey(undefined, ruleId)) ??
    prefixes.find((rule) => (rule.source ?? source) === source && ruleId.startsWith(prefixOf(rule)))
  );
}

interface RuleIndex {
  readonly exact: ReadonlyMap<string, SignalRuleObject>;
  /** Most specific first. */
  readonly prefixes: readonly SignalRuleObject[];
}

/** Made once for each version of the configuration: the look-up is on the hottest path of the product. */
const indexes = new WeakMap<Rules, RuleIndex>();

function indexOf(rules: Rules): RuleIndex {
  const known = indexes.get(rules);
  if (known) return known;
  const made = makeIndex(rules);
  indexes.set(rules, made);
  return made;
}

function makeIndex(rules: Rules): RuleIndex {
  const byId = [...rules.values()].sort((a, b) => (a.id < b.id ? -1 : 1)).map(({ value }) => value);
  const exact = new Map<string, SignalRuleObject>();
  for (const rule of byId.filter((each) => !isPrefix(each))) {
    const key = exactKey(rule.source, rule.rule_id);
    if (!exact.has(key)) exact.set(key, rule);
  }
  return { exact, prefixes: byId.filter(isPrefix).sort(bySpecificity) };
}

const isPrefix = (rule: SignalRuleObject): boolean => rule.rule_id.endsWith('*');
const prefixOf = (rule: SignalRuleObject): string => rule.rule_id.slice(0, -1);
const exactKey = (source: string | undefined, ruleId: string): string => `${source ?? ''}\n${ruleId}`;
const bySpecificity = (a: SignalRuleObject, b: SignalRuleObject): number =>
  Number(b.source !== undefined) - Number(a.source !== undefined) || b.rule_id.length - a.rule_id.length;
