import type { AuditRow, Json, Page, ReadModel, SignalFilter, SignalView } from '@tocsin/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Capability, type Case, suiteOf } from '../suite.ts';
import { applyAll } from './batches.ts';
import { type History, historyOf, sha256 } from './history.ts';
import { filters, matches } from './matching.ts';
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
  { limit, order = 'newest' }: { limit: number; order?: Order },
): Promise<readonly SignalView[]> =>
  paged((cursor) => model.list(filter, { limit, order, ...(cursor !== undefined && { cursor }) }));

const audited = (
  model: ReadModel,
  filter: { org: string; subject?: string },
  order: Order = 'oldest',
): Promise<readonly AuditRow[]> =>
  paged((cursor) => model.audit(filter, { limit: 7, order, ...(cursor !== undefined && { cursor }) }));

const idsOf = (views: readonly SignalView[]): readonly string[] => views.map(({ id }) => id);
const byTime = (views: readonly SignalView[]): readonly SignalView[] =>
  [...views].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));

const history = historyOf({ seed: 21, signals: 60 });

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
        expect((await model.list({ org: 'other' }, { limit: 10, order: 'newest' })).items).toEqual([]);
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
        const newest = idsOf(byTime(history.views));
        for (const limit of [1, 7, 60, 100]) {
          expect(idsOf(await listed(model, { org: 'main' }, { limit }))).toEqual(newest);
          expect(idsOf(await listed(model, { org: 'main' }, { limit, order: 'oldest' }))).toEqual(
            [...newest].reverse(),
          );
        }
        expect((await model.list({ org: 'main' }, { limit: 60, order: 'newest' })).next).toBeUndefined();
      }),
  },
  {
    name: 'a list that is paged through while signals come shows each of the old ones once',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        for (const order of ['newest', 'oldest'] as const) {
          const before = new Set(idsOf(await listed(model, { org: 'main' }, { limit: 100 })));
          let from = order === 'newest' ? 1_000 : 2_000;
          const seen = await paged(async (cursor) => {
            from += 10;
            await applyAll(model.projection, historyOf({ seed: from, signals: 3, from }).records);
            return model.list({ org: 'main' }, { limit: 9, order, ...(cursor !== undefined && { cursor }) });
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
    name: 'a filter finds exactly what its words say of each signal',
    check: (harness) =>
      withModel(harness, history, async ({ model }) => {
        await fc.assert(
          fc.asyncProperty(filters(history.views), fc.integer({ min: 1, max: 70 }), async (filter, limit) => {
            const expected = byTime(history.views).filter((view) => matches(filter, view));
            expect(idsOf(await listed(model, filter, { limit }))).toEqual(idsOf(expected));
          }),
          { numRuns: 60 },
        );
      }),
  },
  {
    name: 'a cursor that was made up is refused',
    check: (harness) =>
      withModel(harness, historyOf({ seed: 1, signals: 2 }), async ({ model }) => {
        for (const cursor of ['x', '', 'eyJhIjoxfQ', "'; DROP TABLE signals; --"])
          await expect(model.list({ org: 'main' }, { limit: 1, order: 'newest', cursor })).rejects.toThrow();
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
