import type { AuditRow, Page, ReadModel, SignalFilter, SignalSort, SignalView } from '@tocsin/core';
import fc from 'fast-check';
import type { Capability, Case } from '../suite.ts';
import { searchedSignal } from '../query/searched-signals.ts';
import { applyAll } from './batches.ts';
import { type History, historyOf, openedOf } from './history.ts';

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

export type ReadModelCase = Case<ReadModelHarness>;
type Order = 'newest' | 'oldest';
export const newest: SignalSort = { field: 'timestamp', descending: true };
export const oldest: SignalSort = { field: 'timestamp', descending: false };

export async function withModel(
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
export async function paged<T>(page: (cursor: string | undefined) => Promise<Page<T>>): Promise<readonly T[]> {
  const items: T[] = [];
  let cursor: string | undefined;
  do {
    const { items: more, next } = await page(cursor);
    items.push(...more);
    cursor = next;
  } while (cursor !== undefined);
  return items;
}

export const listed = (
  model: ReadModel,
  filter: SignalFilter,
  { limit, sort = newest }: { limit: number; sort?: SignalSort },
): Promise<readonly SignalView[]> =>
  paged((cursor) => model.list(filter, { limit, sort, ...(cursor !== undefined && { cursor }) }));

export const audited = (
  model: ReadModel,
  filter: { org: string; subject?: string },
  order: Order = 'oldest',
): Promise<readonly AuditRow[]> =>
  paged((cursor) => model.audit(filter, { limit: 7, order, ...(cursor !== undefined && { cursor }) }));

export const idsOf = (views: readonly SignalView[]): readonly string[] => views.map(({ id }) => id);

export const history = historyOf({ seed: 21, signals: 60 });
/** Signals with all kinds of values, as they were opened. */
export const searched = openedOf(
  fc.sample(fc.tuple(...Array.from({ length: 40 }, (_, n) => searchedSignal(`s-${String(n).padStart(2, '0')}`))), {
    numRuns: 1,
    seed: 5,
  })[0] ?? [],
);
