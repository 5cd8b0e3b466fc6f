import { expect, it } from 'vitest';
import { parseQuery } from './parse-query.ts';
import { queryHints } from './query-hints.ts';

it.each<[string, readonly (readonly [string, string])[]]>([
  ['status:(high OR critical) @workflow.triage.state:open login', []],
  ['"and" status:h* env:dev', []],
  ['-(severity:hihg x)', [['hihg', 'severity is never "hihg": it is one of info, low, medium, high, critical.']]],
  ['status:(High OR low)', [['High', 'status is never "High": it is one of info, low, medium, high, critical.']]],
  ['a or b', [['or', '"or" is looked for as a word: write OR to combine, "or" in quotes to find it.']]],
])('%s', (text, expected) => {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  const hints = queryHints(parsed.query);
  expect(hints.map(({ range, message }) => [text.slice(range.from, range.to), message])).toEqual(expected);
});
