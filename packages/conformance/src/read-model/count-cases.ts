import type { AggregateGroup, AggregateRequest, Measure, Measured } from '@tocsin/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { aggregateIn, facetsIn } from './counting.ts';
import { filters, queryOf } from './matching.ts';
import { type ReadModelCase, searched, withModel } from './opened-read-model.ts';

const keys = [
  'status',
  '@workflow.triage.state',
  'source',
  'host',
  'env',
  'service',
  'tags',
  'severity',
  '@usr.name',
  '@list',
  '@workflow.rule.type',
  '@nothing',
  'team',
];
/** Of numbers that a double adds without an error. */
const measured = ['@workflow.events_matched', 'timestamp', '@severity'];

const measures: fc.Arbitrary<Measure> = fc.oneof(
  fc.constant<Measure>({ kind: 'count' }),
  fc.record({ kind: fc.constantFrom('min' as const, 'max' as const), key: fc.constantFrom(...measured, '@n') }),
  fc.record({ kind: fc.constantFrom('avg' as const, 'sum' as const), key: fc.constantFrom(...measured) }),
  fc.record({ kind: fc.constant('unique' as const), key: fc.constantFrom(...keys) }),
  fc.record({
    kind: fc.constant('percentile' as const),
    key: fc.constantFrom(...measured),
    percent: fc.constantFrom(0, 50, 95, 100),
  }),
);
const requests: fc.Arbitrary<AggregateRequest> = fc.record(
  {
    groupBy: fc.uniqueArray(fc.constantFrom(...keys), { maxLength: 3 }),
    measures: fc.array(measures, { minLength: 1, maxLength: 4 }),
    limit: fc.constantFrom(1, 5, 1_000),
    interval: fc.constantFrom(3_600_000, 86_400_000),
  },
  { requiredKeys: ['groupBy', 'measures', 'limit'] },
);

/** Averages end differently in the last digits. */
const rounded = (groups: readonly AggregateGroup[]): unknown =>
  groups.map(({ by, totals, series }) => ({
    by,
    totals: totals.map(digits),
    series: series.map((stretch) => ({ at: stretch.at, measured: stretch.measured.map(digits) })),
  }));
const digits = (value: Measured[number]): string => (value === undefined ? 'nothing' : value.toPrecision(9));

/** Facets and aggregates. */
export const countCases: readonly ReadModelCase[] = [
  {
    name: 'the values of a facet are counted without what the query asks of it, and with everything else',
    check: (harness) =>
      withModel(harness, searched, async ({ model }) => {
        const request = { keys: ['status', 'env', '@nothing'], limit: 3 };
        for (const text of [
          '',
          'status:high',
          'status:high env:prod',
          '-env:prod @usr.name:*',
          'status:high OR env:prod',
        ]) {
          const filter = { org: 'main', query: queryOf(text) };
          const expected = facetsIn(searched.views, filter, request);
          expect(await model.facets(filter, request), text).toEqual(expected);
        }
        expect(await model.facets({ org: 'other' }, request)).toEqual(
          request.keys.map((key) => ({ key, values: [], distinct: 0 })),
        );
      }),
  },
  {
    name: 'facets of random queries count what the predicate counts',
    check: (harness) =>
      withModel(harness, searched, ({ model }) =>
        fc.assert(
          fc.asyncProperty(
            filters(searched.views),
            fc.uniqueArray(fc.constantFrom(...keys), { minLength: 1, maxLength: 6 }),
            fc.record(
              { limit: fc.constantFrom(1, 4, 1_000), contains: fc.constantFrom('A', '%', '_', 'prod', '') },
              { requiredKeys: ['limit'] },
            ),
            async (filter, asked, about) => {
              const request = { keys: asked, ...about };
              const expected = facetsIn(searched.views, filter, request);
              expect(await model.facets(filter, request), filter.query?.text).toEqual(expected);
            },
          ),
          { numRuns: 40 },
        ),
      ),
  },
  {
    name: 'aggregates of random queries are worked out of what the predicate finds',
    check: (harness) =>
      withModel(harness, searched, ({ model }) =>
        fc.assert(
          fc.asyncProperty(filters(searched.views), requests, async (filter, request) => {
            const expected = aggregateIn(searched.views, filter, request);
            expect(rounded(await model.aggregate(filter, request)), filter.query?.text).toEqual(rounded(expected));
          }),
          { numRuns: 60 },
        ),
      ),
  },
  {
    name: 'the count of a query is exact, and nothing is counted as 0',
    check: (harness) =>
      withModel(harness, searched, async ({ model }) => {
        const count = { groupBy: [], measures: [{ kind: 'count' }], limit: 1 } as const;
        expect(await model.aggregate({ org: 'main' }, count)).toEqual([
          { by: [], totals: [searched.views.length], series: [] },
        ]);
        expect(await model.aggregate({ org: 'main', query: queryOf('-*') }, count)).toEqual([
          { by: [], totals: [0], series: [] },
        ]);
      }),
  },
];
