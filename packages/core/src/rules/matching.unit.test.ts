import { describe, expect, it } from 'vitest';
import { selectorsObject } from '../config/objects.ts';
import { explain, matches } from './matching.ts';

const signal = {
  severity: 'high',
  ruleType: 'workload_security',
  source: 'falco',
  tags: ['env:prod', 'team:core'],
} as const;
const selectors = (given: object) => selectorsObject.parse(given);

describe('matches', () => {
  it.each([
    ['nothing asked', {}, true],
    ['empty lists ask for nothing', { severities: [], rule_types: [], sources: [], tags: [] }, true],
    ['one of the severities', { severities: ['critical', 'high'] }, true],
    ['none of the severities', { severities: ['critical'] }, false],
    ['one of the rule types', { rule_types: ['log_detection', 'workload_security'] }, true],
    ['none of the rule types', { rule_types: ['log_detection'] }, false],
    ['one of the sources', { sources: ['suricata', 'falco'] }, true],
    ['none of the sources', { sources: ['suricata'] }, false],
    ['all of the tags', { tags: ['team:core', 'env:prod'] }, true],
    ['only some of the tags', { tags: ['env:prod', 'team:web'] }, false],
    ['tags are case-sensitive', { tags: ['ENV:prod'] }, false],
    ['every selector must hold', { severities: ['high'], sources: ['suricata'] }, false],
  ])('%s', (_, given, expected) => {
    expect(matches(selectors(given), signal)).toBe(expected);
    expect(explain(selectors(given), signal).length === 0).toBe(expected);
  });
});

describe('explain', () => {
  it('names every selector that failed, with what it wants and what there is', () => {
    const asked = selectors({ severities: ['low'], sources: ['falco'], tags: ['env:prod', 'team:web'] });
    expect(explain(asked, signal)).toEqual([
      { selector: 'severities', wanted: ['low'], found: ['high'] },
      { selector: 'tags', wanted: ['team:web'], found: ['env:prod', 'team:core'] },
    ]);
  });
});
