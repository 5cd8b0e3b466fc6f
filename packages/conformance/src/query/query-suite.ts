import { parseQuery, type QueryNode, queryPredicate, searchDocument, type SignalView } from '@tocsin/core';
import fc from 'fast-check';
import { expect } from 'vitest';
import { type Capability, type Case, suiteOf } from '../suite.ts';
import { randomQuery } from './random-queries.ts';
import { searchedSignal } from './searched-signals.ts';

/** How the suite gets at a store that answers queries. */
export interface QueryHarness {
  readonly name: string;
  readonly capabilities: Readonly<Record<never, Capability>>;
  /** The suite has one open at a time. */
  open(): Promise<OpenedQueryStore>;
}

/** A store with nothing in it yet. */
export interface OpenedQueryStore {
  /** These and no others are in the store afterwards. */
  store(views: readonly SignalView[]): Promise<void>;
  /** Ids of the signals that a query finds, in any order. */
  find(root: QueryNode): Promise<readonly string[]>;
  close(): Promise<void>;
}

const signals = fc
  .array(fc.nat(), { minLength: 30, maxLength: 30 })
  .chain((all) => fc.tuple(...all.map((_, index) => searchedSignal(`s-${index}`))));

const rootOf = (text: string): QueryNode => {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem.message}`);
  return parsed.query.root;
};

const expected = (root: QueryNode, views: readonly SignalView[]): readonly string[] => {
  const matches = queryPredicate(root);
  return views.filter((view) => matches(searchDocument(view))).map(({ id }) => id);
};

async function compare(opened: OpenedQueryStore, views: readonly SignalView[], queries: readonly string[]) {
  await opened.store(views);
  for (const query of queries) {
    const root = rootOf(query);
    expect([...(await opened.find(root))].sort(), query).toEqual([...expected(root, views)].sort());
  }
}

async function withStore(harness: QueryHarness, use: (opened: OpenedQueryStore) => Promise<void>): Promise<void> {
  const opened = await harness.open();
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

/** Queries that a store could stumble over, each with signals from the same generator. */
const awkward = [
  '',
  '*',
  '-*',
  '@nothing:*',
  '-@nothing:*',
  '-@nothing:>5',
  '@n:[* TO *]',
  '@n:>=1e308',
  '@n:<-1e308',
  '@usr.name:"it\'s"',
  '@usr.name:"x\\"y"',
  '@usr.name:*\\\\*',
  '@usr.name:*%*',
  '@usr.name:a_b',
  '@usr.name:a?b',
  '@deep:*',
  '@usr:*',
  '*:"half \ud83d"',
  '@usr.name:"nul\u0000"',
  '"10.1.2.3"',
  '10.1.*',
  'web-*',
  `${'('.repeat(16)}prod${')'.repeat(16)}`,
  Array.from({ length: 128 }, (_, index) => `@n:${index} OR @n:>${index}`).join(' OR '),
  `*:${'a*'.repeat(1_500)}b`,
];

/** Every behaviour that a store of signals owes to the query language. */
export const queryCases: readonly Case<QueryHarness>[] = [
  {
    name: 'what finds nothing, everything or oddities finds what the predicate finds',
    check: (harness) =>
      withStore(harness, async (opened) => {
        const [views = []] = fc.sample(signals, { numRuns: 1, seed: 7 });
        await compare(opened, views, awkward);
      }),
  },
  {
    name: 'random queries over random signals find what the predicate finds',
    check: (harness) =>
      withStore(harness, (opened) =>
        fc.assert(
          fc.asyncProperty(signals, fc.array(randomQuery, { minLength: 25, maxLength: 25 }), (views, queries) =>
            compare(opened, views, queries),
          ),
          { numRuns: 25, endOnFailure: false, interruptAfterTimeLimit: 40_000 },
        ),
      ),
  },
];

/** Every store that answers queries finds exactly what `queryPredicate` finds. */
export const querySuite = (harness: QueryHarness): void => suiteOf('query', harness, queryCases);
