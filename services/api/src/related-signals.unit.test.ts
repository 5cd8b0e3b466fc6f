import { searchedSignal } from '@tocsin/conformance';
import { parseQuery, queryPredicate, searchDocument, type SignalView } from '@tocsin/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { relatedQuery, relationsOf } from './related-signals.ts';

const entities = fc.uniqueArray(fc.constantFrom('host:a', 'host:b', '@usr.id:"x"', 'ip 10.0.0.1', '-'), {
  maxLength: 3,
});
const indicators = fc.uniqueArray(fc.constantFrom('evil.example', '198.51.100.7'), { maxLength: 2 });
const signal = (id: string): fc.Arbitrary<SignalView> =>
  fc.tuple(searchedSignal(id), entities, indicators).map(([view, held, matched]) => ({
    ...view,
    entities: held,
    attributes: { ...view.attributes, threat_intel: { indicators_matched: matched } },
  }));

test('the query finds exactly the other signals that have a relation, and can be read as text', () => {
  fc.assert(
    fc.property(signal('one'), signal('two'), (one, two) => {
      const query = relatedQuery(one);
      const finds = queryPredicate(query.root);
      expect(finds(searchDocument(two))).toBe(relationsOf(one, two).length > 0);
      expect(finds(searchDocument(one))).toBe(false);
      const again = parseQuery(query.text);
      expect(again.ok && queryPredicate(again.query.root)(searchDocument(two))).toBe(finds(searchDocument(two)));
    }),
    { numRuns: 200 },
  );
});

test('relations say why, strongest first, with what both hold', () => {
  const [[one, two] = []] = fc.sample(fc.tuple(signal('one'), signal('two')), { numRuns: 1, seed: 1 });
  if (!one || !two) throw new Error('no sample');
  const about = { rule: { id: 'r', name: 'R', tags: [] }, groupBy: [{ path: 'host', value: 'a' }] };
  const first = { ...one, ...about, entities: ['host:a', 'ip:1'], attributes: {} };
  const second = { ...two, ...about, entities: ['ip:1', 'host:a', 'host:b'], attributes: {} };
  expect(relationsOf(first, second)).toEqual([
    { reason: 'same_group' },
    { reason: 'same_rule' },
    { reason: 'shared_entities', values: ['host:a', 'ip:1'] },
  ]);
  const elsewhere = { ...second, groupBy: [{ path: 'host', value: 'b' }], entities: [] };
  expect(relationsOf(first, elsewhere)).toEqual([{ reason: 'same_rule' }]);
  expect(relationsOf(first, { ...elsewhere, rule: { id: 'other', name: 'R', tags: [] } })).toEqual([]);
});
