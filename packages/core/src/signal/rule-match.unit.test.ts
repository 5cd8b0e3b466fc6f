import { describe, expect, it } from 'vitest';
import { type SignalRuleObject, signalRuleObject } from '../config/objects.ts';
import { ruleFor } from './rule-match.ts';

const rulesOf = (...rules: readonly { readonly id: string; readonly rule_id: string; readonly source?: string }[]) =>
  new Map(rules.map((rule) => [rule.id, { id: rule.id, version: 1, value: signalRuleObject.parse(rule) }]));
const idOf = (rule: SignalRuleObject | undefined) => rule?.id;

const all = rulesOf(
  { id: 'any', rule_id: '*' },
  { id: 'any-of-falco', rule_id: '*', source: 'falco' },
  { id: 'short', rule_id: 'ssh-*' },
  { id: 'long', rule_id: 'ssh-brute-*' },
  { id: 'long-of-wazuh', rule_id: 'ssh-b*', source: 'wazuh' },
  { id: 'exact', rule_id: 'ssh-brute-force' },
  { id: 'exact-of-falco', rule_id: 'ssh-brute-force', source: 'falco' },
);

describe('the signal rule of a detection', () => {
  it.each([
    ['falco', 'ssh-brute-force', 'exact-of-falco'],
    ['wazuh', 'ssh-brute-force', 'exact'],
    ['wazuh', 'ssh-brute-forces', 'long-of-wazuh'],
    ['suricata', 'ssh-brute-forces', 'long'],
    ['suricata', 'ssh-login', 'short'],
    ['falco', 'ssh-login', 'any-of-falco'],
    ['suricata', 'dns', 'any'],
  ])('of %s for %s is %s', (source, ruleId, expected) => {
    expect(idOf(ruleFor(all, source, ruleId))).toBe(expected);
  });

  it('is none where none matches', () => {
    expect(ruleFor(new Map(), 'falco', 'x')).toBeUndefined();
    expect(ruleFor(rulesOf({ id: 'a', rule_id: 'y*' }, { id: 'b', rule_id: 'x', source: 'wazuh' }), 'falco', 'x')).toBe(
      undefined,
    );
  });

  it('is the one with the smallest id where two say the same', () => {
    expect(idOf(ruleFor(rulesOf({ id: 'b', rule_id: 'x' }, { id: 'a', rule_id: 'x' }), 'falco', 'x'))).toBe('a');
    expect(idOf(ruleFor(rulesOf({ id: 'b', rule_id: 'x*' }, { id: 'a', rule_id: 'x*' }), 'falco', 'xy'))).toBe('a');
  });
});
