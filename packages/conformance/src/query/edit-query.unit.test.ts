import {
  canonicalKey,
  type FacetValue,
  keyNamed,
  onlyValue,
  parseQuery,
  printQuery,
  type Query,
  type QueryPredicate,
  queryPredicate,
  type SearchDocument,
  searchDocument,
  valueOfText,
  withoutKey,
  withoutValue,
  withValue,
} from '@tocsin/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { randomQuery } from './random-queries.ts';
import { searchedSignal } from './searched-signals.ts';

const documents: readonly SearchDocument[] = fc
  .sample(searchedSignal('s'), { numRuns: 250, seed: 11 })
  .map((view) => searchDocument(view));

const read = (text: string): Query => {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem.message}`);
  return parsed.query;
};
const predicateOf = (text: string): QueryPredicate => queryPredicate(read(text).root);

const facet: fc.Arbitrary<FacetValue> = fc.record({
  key: fc.constantFrom('status', 'severity', '@usr.name', '@n', 'env', 'source', '@workflow.triage.state', 'timestamp'),
  value: fc.constantFrom(
    'high',
    'low',
    'open',
    'prod',
    'alice',
    '100',
    'x"y',
    'a*b',
    '*',
    '',
    '2026-01-31T12:00:00.000Z',
  ),
});
/** Such as a page with facets builds: constraints of a few keys, side by side. */
const faceted = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.constantFrom('', '-'), facet)
        .map(([sign, { key, value }]) => `${sign}${key}:${valueOfText(value).raw}`),
      fc
        .tuple(fc.constantFrom('', '-'), facet, facet, fc.constantFrom(' OR ', ' '))
        .map(([sign, a, b, join]) => `${sign}${a.key}:(${valueOfText(a.value).raw}${join}${valueOfText(b.value).raw})`),
      fc.constantFrom('status:>=medium', 'status:h*', '-status:(l* OR high)', 'login', '(status:high OR env:prod)'),
    ),
    { maxLength: 4 },
  )
  .chain((parts) => fc.constantFrom(' ', ' AND ', ' OR ').map((join) => parts.join(join)));
const queries = fc.oneof(faceted, faceted, randomQuery);

const hasOnly = ({ values }: SearchDocument, { key, value }: FacetValue): boolean => {
  const texts = (values.get(canonicalKey(key)) ?? []).filter((held) => typeof held === 'string');
  return texts.length === 1 && texts[0] === value;
};

/** Every document that the first finds, the second finds too. */
const implies = (from: QueryPredicate, to: QueryPredicate): boolean =>
  documents.every((document) => !from(document) || to(document));

test('edits find a subset or a superset as they are named', () => {
  fc.assert(
    fc.property(queries, facet, (text, given) => {
      const query = read(text);
      const before = predicateOf(text);
      const [cleared, only, wider, narrower] = [
        withoutKey(query, given.key),
        onlyValue(query, given),
        withValue(query, given),
        withoutValue(query, given),
      ].map(predicateOf) as [QueryPredicate, QueryPredicate, QueryPredicate, QueryPredicate];
      const value = predicateOf(`${keyNamed(given.key).raw}:${valueOfText(given.value).raw}`);
      expect(implies(before, cleared)).toBe(true);
      expect(implies(only, cleared)).toBe(true);
      expect(implies(only, value)).toBe(true);
      expect(documents.every((document) => !(cleared(document) && value(document)) || only(document))).toBe(true);
      expect(implies(before, wider)).toBe(true);
      expect(implies(wider, cleared)).toBe(true);
      expect(implies(narrower, before)).toBe(true);
      const alone = documents.filter((document) => hasOnly(document, given));
      expect(alone.every((document) => !narrower(document))).toBe(true);
      expect(alone.every((document) => !cleared(document) || wider(document))).toBe(true);
    }),
    { numRuns: 1_500 },
  );
});

test('what is printed finds what was found', () => {
  fc.assert(
    fc.property(randomQuery, (text) => {
      const [before, after] = [predicateOf(text), predicateOf(printQuery(read(text).root))];
      expect(documents.map(after)).toEqual(documents.map(before));
    }),
    { numRuns: 300 },
  );
});

test('random queries find some signals and not others, so that comparing stores by them means something', () => {
  const found = fc
    .sample(randomQuery, { numRuns: 400, seed: 3 })
    .map((text) => documents.filter(predicateOf(text)).length)
    .filter((count) => count > 0 && count < documents.length);
  expect(found.length).toBeGreaterThan(150);
});
