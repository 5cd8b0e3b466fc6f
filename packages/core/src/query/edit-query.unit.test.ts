import { describe, expect, it } from 'vitest';
import { onlyValue, withoutKey, withoutValue, withValue } from './edit-query.ts';
import { parseQuery } from './parse-query.ts';
import type { Query } from './query-node.ts';

const read = (text: string): Query => {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.query;
};
const high = { key: 'status', value: 'high' };

describe('withValue', () => {
  it.each([
    ['', ''],
    ['status:high', 'status:high'],
    ['status:low', 'status:(low OR high)'],
    ['severity:low x', 'severity:(low OR high) x'],
    ['x AND status:(low OR "medium") AND y', 'x AND status:(low OR "medium" OR high) AND y'],
    ['status:>=medium', 'status:>=medium'],
    ['status:<medium', 'status:(<medium OR high)'],
    ['-status:high x', 'x'],
    ['-status:(high OR low)', '-status:low'],
    ['-status:h*', '(-status:h* OR status:high)'],
    ['status:low OR status:info', 'status:low OR status:info OR status:high'],
    ['(status:low OR status:info) x', '(status:low OR status:info OR status:high) x'],
    ['status:(info low)', 'status:((info low) OR high)'],
    ['status:low OR x', 'status:low OR x'],
  ])('%s', (text, expected) => {
    expect(withValue(read(text), high)).toBe(expected);
  });
});

describe('withoutValue', () => {
  it.each([
    ['', '-status:high'],
    ['x', 'x -status:high'],
    ['a OR b', '(a OR b) -status:high'],
    ['status:(low OR high) x', 'status:low x'],
    ['status:(low OR high OR info)', 'status:(low OR info)'],
    ['status:(h* OR high OR low)', 'status:(h* OR low) -status:high'],
    ['status:low', 'status:low'],
    ['status:high', 'status:high -status:high'],
  ])('%s', (text, expected) => {
    expect(withoutValue(read(text), high)).toBe(expected);
  });
});

describe('onlyValue and withoutKey', () => {
  it.each([
    ['', '', 'status:high'],
    ['status:low', '', 'status:high'],
    ['x AND status:low y -severity:info', 'x y', 'x y status:high'],
    ['status:low OR x', 'status:low OR x', '(status:low OR x) status:high'],
    ['@status:>low CIDR(@ip, 10.0.0.0/8)', 'CIDR(@ip, 10.0.0.0/8)', 'CIDR(@ip, 10.0.0.0/8) status:high'],
  ])('%s', (text, cleared, only) => {
    expect(withoutKey(read(text), 'status')).toBe(cleared);
    expect(onlyValue(read(text), high)).toBe(only);
  });

  it('quotes and escapes what would be read as something else', () => {
    const query = read('');
    expect(onlyValue(query, { key: '@a b', value: 'c "d" \\ *' })).toBe('@a\\ b:"c \\"d\\" \\\\ *"');
    expect(onlyValue(query, { key: 'env', value: 'OR' })).toBe('env:"OR"');
    expect(onlyValue(query, { key: 'env', value: '' })).toBe('env:""');
  });
});
