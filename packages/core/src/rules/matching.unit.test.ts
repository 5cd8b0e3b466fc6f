import { describe, expect, it } from 'vitest';
import { selectorsObject } from '../config/objects.ts';
import { explain, type Matched, matches } from './matching.ts';

const signal: Matched = {
  id: 's-1',
  org: 'main',
  revision: 1,
  createdAt: 0,
  firstSeen: 0,
  lastSeen: 0,
  count: 1,
  format: 'falco',
  source: 'falco',
  ruleType: 'workload_security',
  rule: { id: 'r-1', name: 'Shell in a container', tags: [] },
  severity: 'high',
  title: 'Shell in a container',
  message: 'A shell was spawned by nginx',
  groupBy: [],
  entities: [],
  tags: ['env:prod', 'team:core'],
  attributes: { usr: { name: 'root' } },
  flags: [],
  sourceStatus: 'active',
  late: false,
  windows: { keepAlive: 0, maxDuration: 0 },
  samples: [],
  configVersion: 1,
};
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
    ['a query that finds it', { query: 'status:(high OR critical) @usr.name:r* shell -env:dev' }, true],
    ['an empty query', { query: '' }, true],
    ['a query that does not', { query: '@usr.name:alice' }, false],
    ['a query beside a selector that does not hold', { query: 'shell', severities: ['low'] }, false],
    ['nobody has touched it yet', { query: '@workflow.triage.state:open' }, true],
    ['every selector must hold', { severities: ['high'], sources: ['suricata'] }, false],
  ])('%s', (_, given, expected) => {
    expect(matches(selectors(given), signal)).toBe(expected);
    expect(explain(selectors(given), signal).length === 0).toBe(expected);
  });
});

describe('explain', () => {
  it('names every selector that failed, with what it wants and what there is', () => {
    const asked = selectors({
      severities: ['low'],
      sources: ['falco'],
      tags: ['env:prod', 'team:web'],
      query: '-env:prod',
    });
    expect(explain(asked, signal)).toEqual([
      { selector: 'severities', wanted: ['low'], found: ['high'] },
      { selector: 'tags', wanted: ['team:web'], found: ['env:prod', 'team:core'] },
      { selector: 'query', wanted: ['-env:prod'], found: [] },
    ]);
  });
});

it('a query that cannot be read is refused with the place', () => {
  const { error } = selectorsObject.safeParse({ query: 'env:prod @n:>abc' });
  expect(error?.issues[0]).toMatchObject({
    path: ['query'],
    message: 'cannot be read at characters 14 to 16: there is "abc", expected is a number right after >',
  });
});
