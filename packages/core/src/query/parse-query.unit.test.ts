import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseQuery, queryLimits } from './parse-query.ts';
import { printQuery } from './print-query.ts';
import type { QueryNode } from './query-node.ts';

const rootOf = (text: string): QueryNode => {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem.message}`);
  return parsed.query.root;
};

/** A short form of the tree, to compare with. */
function shape(node: QueryNode): unknown {
  switch (node.kind) {
    case 'empty':
      return [];
    case 'and':
    case 'or':
      return { [node.kind]: node.items.map(shape) };
    case 'not':
    case 'group':
      return { [node.kind]: shape(node.item) };
    case 'list':
      return { [node.key.name]: shape(node.item) };
    case 'cidr':
      return { cidr: [node.key.name, ...node.blocks.map(({ text }) => text)] };
    case 'term': {
      const { value } = node;
      const meant =
        value.kind === 'text'
          ? value.text
          : value.kind === 'pattern'
            ? value.pattern.map((piece) => ('wild' in piece ? piece.wild : piece.literal))
            : value.kind === 'any'
              ? { any: true }
              : value.kind === 'compare'
                ? `${value.operator} ${value.bound.text}`
                : `${value.low.text}..${value.high.text}`;
      return node.key ? { [node.key.name]: meant } : meant;
    }
    default:
      return node satisfies never;
  }
}

describe('reads', () => {
  it.each<[string, unknown]>([
    ['', []],
    ['  ', []],
    ['hello', 'hello'],
    ['hello world', { and: ['hello', 'world'] }],
    ['"hello world"', 'hello world'],
    ['a AND b c', { and: ['a', 'b', 'c'] }],
    ['a OR b c', { or: ['a', { and: ['b', 'c'] }] }],
    ['a and b or c', { and: ['a', 'and', 'b', 'or', 'c'] }],
    ['-a NOT b', { and: [{ not: 'a' }, { not: 'b' }] }],
    ['NOT(a OR b)', { not: { group: { or: ['a', 'b'] } } }],
    ['(a)(b)', { and: [{ group: 'a' }, { group: 'b' }] }],
    ['status:high', { status: 'high' }],
    ['status:(high OR critical)', { status: { or: ['high', 'critical'] } }],
    ['-@a.b:(x "y z" -w*)', { not: { '@a.b': { and: ['x', 'y z', { not: ['w', '*'] }] } } }],
    ['@a:*', { '@a': { any: true } }],
    ['@a:**', { '@a': { any: true } }],
    ['-@a:*', { not: { '@a': { any: true } } }],
    [
      'web* *test* w?b',
      {
        and: [
          ['web', '*'],
          ['*', 'test', '*'],
          ['w', '?', 'b'],
        ],
      },
    ],
    ['@a:"web*"', { '@a': 'web*' }],
    ['@a:web\\*', { '@a': 'web*' }],
    ['@a:hello\\:world', { '@a': 'hello:world' }],
    ['@a:hello\\ world', { '@a': 'hello world' }],
    ['@url:http://x/y?z', { '@url': ['http://x/y', '?', 'z'] }],
    ['@ip:fe80::1', { '@ip': 'fe80::1' }],
    ['@n:>100', { '@n': '> 100' }],
    ['@n:>=-1.5e3', { '@n': '>= -1.5e3' }],
    ['@n:<=5 @n:<6', { and: [{ '@n': '<= 5' }, { '@n': '< 6' }] }],
    ['@n:[400 TO 499]', { '@n': '400..499' }],
    ['@n:[ * TO 499 ]', { '@n': '*..499' }],
    ['@n:(>5 OR [1 TO 2])', { '@n': { or: ['> 5', '1..2'] } }],
    ['@n:-5', { '@n': '-5' }],
    ['status:>=high', { status: '>= high' }],
    ['timestamp:>2026-01-31', { timestamp: '> 2026-01-31' }],
    ['@workflow.first_seen:[2026-01-31T12:00:00Z TO *]', { '@workflow.first_seen': '2026-01-31T12:00:00Z..*' }],
    ['CIDR(@ip,10.0.0.0/8)', { cidr: ['@ip', '10.0.0.0/8'] }],
    ['-CIDR( @ip , 10.0.0.0/8, fe80::/10 )', { not: { cidr: ['@ip', '10.0.0.0/8', 'fe80::/10'] } }],
    ['*:term', { '*': 'term' }],
    ['*:(a OR b*)', { '*': { or: ['a', ['b', '*']] } }],
    ['service:<app-name>', { service: '<app-name>' }],
    ['datadog-agent', 'datadog-agent'],
    ['@path:"C:\\Windows\\"x\\\\"', { '@path': 'C:\\Windows"x\\' }],
    ['ORDER ANDROID NOTE', { and: ['ORDER', 'ANDROID', 'NOTE'] }],
    ['weird\\ key:x', { 'weird key': 'x' }],
  ])('%s', (text, expected) => {
    expect(shape(rootOf(text))).toEqual(expected);
  });

  it('says where everything stands', () => {
    const text = 'a  OR -@b:"c d"';
    const root = rootOf(text);
    expect(root).toMatchObject({
      kind: 'or',
      range: { from: 0, to: text.length },
      items: [
        { range: { from: 0, to: 1 } },
        {
          kind: 'not',
          range: { from: 6, to: 15 },
          item: {
            range: { from: 7, to: 15 },
            key: { range: { from: 7, to: 9 } },
            value: { range: { from: 10, to: 15 } },
          },
        },
      ],
    });
  });
});

describe('refuses', () => {
  it.each<[string, string, string]>([
    ['a AND', '', 'a word, a key:value or a group'],
    ['a OR OR b', 'OR', 'a word, a key:value or a group before it'],
    ['OR a', 'OR', 'a word, a key:value or a group before it'],
    ['()', ')', 'a word, a key:value or a group'],
    ['status:', '', 'a value after status:'],
    ['status: high', ' ', 'a value after status:'],
    ['status:(high OR)', ')', 'a value of status'],
    ['(a', '(a', 'a closing )'],
    ['a)', ')', 'the end, or a ( before this )'],
    ['say "hello', '"hello', 'a closing "'],
    ['foo"bar"', '"', 'a space here, or \\ before this character'],
    ['foo(bar)', '(', 'a space here, or \\ before this character'],
    ['@foo', '', ': and a value after @foo'],
    ['@:x', '@:', 'a name'],
    ['@a*:x', '@a*', 'a name without * and ?, or \\ before them'],
    ['@n:>abc', 'abc', 'a number right after >'],
    ['@n:>', '', 'a number right after >'],
    ['status:>=severe', 'severe', 'one of info, low, medium, high, critical right after >='],
    ['timestamp:>yesterday', 'yesterday', 'a time such as 2026-01-31T12:00:00Z, or milliseconds right after >'],
    ['@n:[1 TO x]', 'x', 'a number or *'],
    ['@n:[1 TO 2', '[1 TO 2', 'a range such as [400 TO 499]'],
    ['@n:[1 2]', '[1 2', 'a range such as [400 TO 499]'],
    ['CIDR(@ip)', 'CIDR(@ip)', 'CIDR(@attribute, 10.0.0.0/8, …)'],
    ['CIDR(@ip, 10.0.0.256/8)', '10.0.0.256/8', 'an address block such as 10.0.0.0/8 or 2001:db8::/32'],
    ['- a', '-', 'a word, a key:value or a group right after -'],
    ['a && b', '&&', 'a word with at least one letter or digit'],
    ['*:>5', '>5', 'a word, because comparisons need the name of one attribute'],
    ['x\\', '\\', 'a character after \\'],
  ])('%s', (text, part, expected) => {
    const parsed = parseQuery(text);
    expect(parsed).toMatchObject({ ok: false, problem: { expected } });
    if (parsed.ok) return;
    const { from, to } = parsed.problem.range;
    expect(text.slice(from, to)).toBe(part);
    expect(parsed.problem.message).toContain(`character${to - from > 1 ? 's' : ''} ${from + 1}`);
  });

  it('what is too much, naming the bound', () => {
    const problem = (text: string) => {
      const parsed = parseQuery(text);
      return parsed.ok ? 'none' : parsed.problem.expected;
    };
    const nested = (depth: number) => `${'('.repeat(depth)}a${')'.repeat(depth)}`;
    const terms = (count: number) => Array.from({ length: count }, () => 'a').join(' ');
    expect(problem('a'.repeat(queryLimits.characters))).toBe('none');
    expect(problem('a'.repeat(queryLimits.characters + 1))).toBe('at most 4096 characters');
    expect(problem(nested(queryLimits.depth))).toBe('none');
    expect(problem(nested(queryLimits.depth + 1))).toBe('at most 16 levels of nesting');
    expect(problem(`${'-'.repeat(4000)}a`)).toBe('at most 16 levels of nesting');
    expect(problem(terms(queryLimits.terms))).toBe('none');
    expect(problem(terms(queryLimits.terms + 1))).toBe('at most 256 terms');
    expect(problem(`CIDR(@a${', 10.0.0.1'.repeat(257)})`)).toBe('at most 256 terms');
  });
});

const alphabet = ['a', 'é', '😀', ' ', '(', ')', '"', '\\', ':', '@', '*', '?', '-', '>', '<', '=', '[', ']', '5', ','];
const fragments = [
  ...alphabet,
  'AND',
  ' OR ',
  'NOT',
  ' TO ',
  'CIDR(',
  'status',
  '@n:',
  '10.0.0.0/8',
  '\u0000',
  '\ud800',
];

test('any text is a query or has a problem within it; what is a query prints to the same query', () => {
  const text = fc.array(fc.constantFrom(...fragments), { maxLength: 40 }).map((parts) => parts.join(''));
  fc.assert(
    fc.property(fc.oneof(text, fc.string({ unit: 'binary' })), (given) => {
      const parsed = parseQuery(given);
      if (!parsed.ok) {
        const { from, to } = parsed.problem.range;
        expect(0 <= from && from <= to && to <= given.length).toBe(true);
        return;
      }
      const printed = printQuery(parsed.query.root);
      expect(shape(rootOf(printed))).toEqual(shape(parsed.query.root));
      expect(printQuery(rootOf(printed))).toBe(printed);
    }),
    { numRuns: 5_000 },
  );
});

it.each([
  '(',
  '-',
  '"',
  '\\',
  'a ',
  'a AND ',
  'a OR (',
  '@n:[1 TO ',
  'CIDR(',
  'k:(',
  ':',
  '*',
  '?a',
  'NOT ',
  '<',
  '@a:">"',
  ')',
])('as much of %j as fits is answered in one pass', (part) => {
  // A parser that tries again from the beginning does not come to an end here.
  for (const text of [part.repeat(4_096 / part.length), `${part.repeat(2_000 / part.length)}a`])
    expect(typeof parseQuery(text).ok).toBe('boolean');
});

const samples = fileURLToPath(new URL('../../../../../shared/samples/queries/queries.txt', import.meta.url));

describe.skipIf(!existsSync(samples))(
  'real queries (skipped where the folder of samples is not beside the repository)',
  () => {
    const lines = existsSync(samples)
      ? readFileSync(samples, 'utf8')
          .split('\n')
          .filter((line) => line.trim() !== '')
      : [];
    it.each(lines)('%s', (line) => {
      expect(printQuery(rootOf(line)).replaceAll(/\s+/g, ' ')).toBe(line.replaceAll(/(CIDR\(\S+?,)\s*/g, '$1 '));
    });
  },
);
