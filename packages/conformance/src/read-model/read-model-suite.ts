import type { Json } from '@tocsin/core';
import { expect } from 'vitest';
import { suiteOf } from '../suite.ts';
import { applyAll } from './batches.ts';
import { countCases } from './count-cases.ts';
import { historyOf, sha256 } from './history.ts';
import { listCases } from './list-cases.ts';
import {
  audited,
  history,
  listed,
  newest,
  type ReadModelCase,
  type ReadModelHarness,
  withModel,
} from './opened-read-model.ts';
import { type ProjectionHarness, projectionSuite } from './projection-suite.ts';

export type { OpenedReadModel, ReadModelHarness } from './opened-read-model.ts';

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
export const readModelCases: readonly ReadModelCase[] = [...signals, ...listCases, ...countCases, ...trail];

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
