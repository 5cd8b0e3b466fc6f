import type { AuditRow, Json, Page, ReadModel, SignalFilter, SignalSort, SignalView } from '@tocsin/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Capability, type Case, suiteOf } from '../suite.ts';
import { applyAll } from './batches.ts';
import { type History, historyOf, openedOf, sha256 } from './history.ts';
import { searchedSignal } from '../query/searched-signals.ts';
import { filters, inOrder, matches, queryOf, sorts } from './matching.ts';
import { type ProjectionHarness, projectionSuite } from './projection-suite.ts';

/** How the suite gets at one read model. */
export interface ReadModelHarness {
  readonly name: string;
  readonly capabilities: Readonly<Record<never, Capability>>;
  /** An empty store. The suite has one open at a time. */
  open(): Promise<OpenedReadModel>;
}

export interface OpenedReadModel {
  /** Another object after `reopen`. */
  readonly model: ReadModel;
  /** The process ends without clean-up; another one opens the same store. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

type ReadModelCase = Case<ReadModelHarness>;
type Order = 'newest' | 'oldest';
const newest: SignalSort = { field: 'timestamp', descending: true };
const oldest: SignalSort = { field: 'timestamp', descending: false };

async function withModel(
  harness: ReadModelHarness,
  history: History,
  use: (opened: OpenedReadModel) => Promise<void>,
): Promise<void> {
  const opened = await harness.open();
  try {
    await applyAll(opened.model.projection, history.records);
    await use(opened);
  } finally {
    await opened.close();
  }
}

/** Every item of a list, page by page. */
async function paged<T>(page: (cursor: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    cursor = next;
  } while (cursor !== undefined);
  return items;
}

const listed = (
  model: ReadModel,
  filter: SignalFilter,
  { limit, sort = newest }: { limit: number; sort?: SignalSort },
): Promise<readonly SignalView[]> =>
  paged((cursor) => model.list(filter, { limit, sort, ...(cursor !== undefined && { cursor }) }));

const audited = (
  model: ReadModel,
  filter: { org: string; subject?: string },
  order: Order = 'oldest',
): Promise<readonly AuditRow[]> =>
  paged((cursor) => model.audit(filter, { limit: 7, order, ...(cursor !== undefined && { cursor }) }));

const idsOf = (views: readonly SignalView[]): readonly string[] => views.map(({ id }) => id);

const history = historyOf({ seed: 21, signals: 60 });
/** Signals with all kinds of values, as they were opened. */
const searched = openedOf(
  fc.sample(fc.tuple(...Array.from({ length: 40 }, (_, n) => searchedSignal(`s-${String(n).padStart(2, '0')}`))), {
    numRuns: 1,
    seed: 5,
  })[0] ?? [],
);

const signals: readonly ReadModelCase[] = [
  {
    name: 'a signal looks as its events evolved it, after a restart too',
    check: (harness) =>
      withModel(harness, history, async (opened) => {
        await opened.reopen();
        for (const view of history.views) expect(await opened.model.get('main', view.id)).toEqual(view);
      }),
  },
  {
    name: 'nobody sees a signal of another organisation, or one that is not there',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        expect(await model.get('other', history.views[0]?.id ?? '')).toBeUndefined();
        expect(await model.get('main', 'nothing')).toBeUndefined();
        expect((await model.list({ org: 'other' }, { limit: 10, sort: newest })).items).toEqual([]);
        expect(await model.audit({ org: 'other' }, { limit: 10, order: 'oldest' })).toEqual({ items: [] });
      }),
  },
  {
    name: 'totals are the sums over the signals of one organisation',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        await applyAll(model.projection, historyOf({ seed: 22, signals: 5, from: 100, org: 'other' }).records);
        const detections = history.views.reduce((sum, { count }) => sum + count, 0);
        expect(await model.totals('main')).toEqual({ signals: 60, detections });
        expect(await model.totals('nobody')).toEqual({ signals: 0, detections: 0 });
      }),
  },
];

const lists: readonly ReadModelCase[] = [
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

const trail: readonly ReadModelCase[] = [
  {
    name: 'the audit trail gives each record as it was stored, with the hash of its text',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        const rows = await audited(model, { org: 'main' });
        const stored = new Map(history.audit.map(({ text }) => [idOf(JSON.parse(text) as Json), text]));
        expect(rows).toHaveLength(history.audit.length);
        for (const { stream, seq, hash, record } of rows) {
          const text = stored.get(`${stream}-${seq}`) ?? '';
          expect(record).toEqual(JSON.parse(text));
          expect(hash).toBe(sha256(text));
        }
      }),
  },
  {
    name: 'each stream of the trail is in order, and newest first is the reverse',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        const rows = await audited(model, { org: 'main' });
        for (const stream of new Set(rows.map((row) => row.stream))) {
          const seqs = rows.filter((row) => row.stream === stream).map(({ seq }) => seq);
          expect(seqs).toEqual(seqs.map((_, i) => i));
        }
        expect(await audited(model, { org: 'main' }, 'newest')).toEqual([...rows].reverse());
      }),
  },
  {
    name: 'the trail of one subject holds its records and no others',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        for (const { id } of history.views.slice(0, 8)) {
          const rows = await audited(model, { org: 'main', subject: id });
          const expected = history.audit
            .filter(({ subject }) => subject === id)
            .map(({ text }) => idOf(JSON.parse(text) as Json));
          expect(rows.map(({ record }) => idOf(record))).toEqual(expected);
        }
      }),
  },
];

const idOf = (record: Json): unknown => (record as { readonly id: unknown }).id;

/** Everything that a read model promises besides being a projection, as cases. */
export const readModelCases: readonly ReadModelCase[] = [...signals, ...lists, ...trail];

/** Runs its own cases, and those of a projection, on one read model. */
export function readModelSuite(harness: ReadModelHarness): void {
  projectionSuite(projectionOf(harness));
  suiteOf('read model', harness, readModelCases);
}

const projectionOf = ({ name, capabilities, open }: ReadModelHarness): ProjectionHarness => ({
  name,
  capabilities,
  async open() {
    const opened = await open();
    return {
      get projection() {
        return opened.model.projection;
      },
      content: async () => [
        await listed(opened.model, { org: 'main' }, { limit: 50 }),
        await audited(opened.model, { org: 'main' }),
        await opened.model.totals('main'),
      ],
      reopen: () => opened.reopen(),
      close: () => opened.close(),
    };
  },
});
