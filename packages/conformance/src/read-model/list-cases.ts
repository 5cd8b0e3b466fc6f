import fc from 'fast-check';
import { expect } from 'vitest';
import { applyAll } from './batches.ts';
import { historyOf } from './history.ts';
import { filters, inOrder, matches, queryOf, sorts } from './matching.ts';
import {
  history,
  idsOf,
  listed,
  newest,
  oldest,
  paged,
  type ReadModelCase,
  searched,
  withModel,
} from './opened-read-model.ts';

/** Lists of signals: filters, orders, pages. */
export const listCases: readonly ReadModelCase[] = [
  {
    name: 'a list is ordered by creation, newest or oldest first, complete over pages of any size',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        const expected = idsOf(inOrder(history.views, newest));
        for (const limit of [1, 7, 60, 100]) {
          expect(idsOf(await listed(model, { org: 'main' }, { limit }))).toEqual(expected);
          expect(idsOf(await listed(model, { org: 'main' }, { limit, sort: oldest }))).toEqual([...expected].reverse());
        }
        expect((await model.list({ org: 'main' }, { limit: 60, sort: newest })).next).toBeUndefined();
      }),
  },
  {
    name: 'a list that is paged through while signals come shows each of the old ones once',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        for (const sort of [newest, oldest, { field: '@title', descending: false }]) {
          const before = new Set(idsOf(await listed(model, { org: 'main' }, { limit: 1_000 })));
          let from = 1_000 + before.size * 10;
          const seen = await paged(async (cursor) => {
            from += 10;
            await applyAll(model.projection, historyOf({ seed: from, signals: 3, from }).records);
            return model.list({ org: 'main' }, { limit: 9, sort, ...(cursor !== undefined && { cursor }) });
          });
          expect(idsOf(seen)).toHaveLength(new Set(idsOf(seen)).size);
          expect(
            idsOf(seen)
              .filter((id) => before.has(id))
              .sort(),
          ).toEqual([...before].sort());
        }
      }),
  },
  {
    name: 'a filter finds exactly what the predicate of its query says of each signal',
    check: (harness) =>
      withModel(harness, searched, async ({ model }) => {
        await fc.assert(
          fc.asyncProperty(
            filters(searched.views),
            fc.constantFrom(...sorts),
            fc.integer({ min: 1, max: 40 }),
            async (filter, sort, limit) => {
              const expected = inOrder(
                searched.views.filter((view) => matches(filter, view)),
                sort,
              );
              expect(idsOf(await listed(model, filter, { limit, sort })), filter.query?.text).toEqual(idsOf(expected));
            },
          ),
          { numRuns: 80 },
        );
      }),
  },
  {
    name: 'a list can be sorted by every field, in both directions, whatever the size of its pages',
    check: (harness) =>
      withModel(harness, searched, async ({ model }) => {
        for (const sort of sorts)
          for (const limit of [4, 1_000])
            expect(idsOf(await listed(model, { org: 'main' }, { limit, sort })), sort.field).toEqual(
              idsOf(inOrder(searched.views, sort)),
            );
      }),
  },
  {
    name: 'what a query finds follows every change of a signal',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        for (const text of [
          'late:yes',
          '@workflow.triage.state:archived',
          'status:critical',
          '@workflow.closed:true',
        ]) {
          const filter = { org: 'main', query: queryOf(text) };
          const expected = history.views.filter((view) => matches(filter, view));
          expect(expected.length, text).toBeGreaterThan(0);
          expect(idsOf(await listed(model, filter, { limit: 100 })), text).toEqual(idsOf(inOrder(expected, newest)));
        }
      }),
  },
  {
    name: 'a cursor that was made up is refused',
    check: (harness) =>
      withModel(harness, historyOf({ seed: 1, signals: 2 }), async ({ model }) => {
        const { next = '' } = await model.list({ org: 'main' }, { limit: 1, sort: newest });
        const forged = ['["timestamp","desc","x","y"]', '["timestamp","desc","1","\\u0000"]', '["timestamp","desc"]'];
        const encoded = forged.map((text) => btoa(text));
        for (const cursor of ['x', '', 'eyJhIjoxfQ', "'; DROP TABLE signals; --", ...encoded])
          await expect(model.list({ org: 'main' }, { limit: 1, sort: newest, cursor })).rejects.toThrow(/cursor/);
        for (const sort of [oldest, { field: 'host', descending: true }])
          await expect(model.list({ org: 'main' }, { limit: 1, sort, cursor: next })).rejects.toThrow(/cursor/);
        expect((await model.totals('main')).signals).toBe(2);
      }),
  },
];
