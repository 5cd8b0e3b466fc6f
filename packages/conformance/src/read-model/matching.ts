import {
  parseQuery,
  type Query,
  queryPredicate,
  searchDocument,
  type SearchField,
  searchField,
  searchFields,
  type SignalFilter,
  type SignalSort,
  type SignalView,
} from '@tocsin/core';
import fc from 'fast-check';
import { randomQuery } from '../query/random-queries.ts';

/** A query that can be read. */
export function queryOf(text: string): Query {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.problem.message}`);
  return parsed.query;
}

/** The oracle of every filter: the same conditions on a view in memory. */
export function matches({ org, from, to, query }: SignalFilter, view: SignalView): boolean {
  return (
    view.org === org &&
    (from === undefined || view.createdAt >= from) &&
    (to === undefined || view.createdAt < to) &&
    (query === undefined || queryPredicate(query.root)(searchDocument(view)))
  );
}

/** Filters that hit some of the signals of a history. */
export const filters = (views: readonly SignalView[]): fc.Arbitrary<SignalFilter> => {
  const times = views.map(({ createdAt }) => createdAt);
  return fc.record(
    {
      org: fc.constantFrom('main', 'main', 'main', 'other'),
      from: fc.constantFrom(...times),
      to: fc.constantFrom(...times).map((time) => time + 1_000),
      query: randomQuery.map(queryOf),
    },
    { requiredKeys: ['org'] },
  );
};

/** Every field in both directions. */
export const sorts: readonly SignalSort[] = searchFields.flatMap(({ name }) => [
  { field: name, descending: false },
  { field: name, descending: true },
]);

/** The oracle of every order. */
export function inOrder(views: readonly SignalView[], { field: name, descending }: SignalSort): readonly SignalView[] {
  const field = searchField(name);
  if (!field) throw new Error(`no field ${name}`);
  const sign = descending ? -1 : 1;
  const keyed = views.map((view) => ({ view, key: sortKey(field, view) }));
  keyed.sort((a, b) => {
    if (a.key === undefined || b.key === undefined)
      if (a.key !== b.key) return a.key === undefined ? 1 : -1;
      else return sign * compared(a.view.id, b.view.id);
    return sign * (compared(a.key, b.key) || compared(a.view.id, b.view.id));
  });
  return keyed.map(({ view }) => view);
}

function sortKey({ name, type, ranks }: SearchField, view: SignalView): string | number | undefined {
  const values = searchDocument(view).values.get(name) ?? [];
  if (type !== 'text') return values.find((value) => typeof value === 'number');
  const text = values.find((value) => typeof value === 'string');
  return ranks && text !== undefined ? ranks.indexOf(text) : text;
}

/** Texts by code point: UTF-16 would put an emoji before a full-width letter. */
export function compared(a: string | number, b: string | number): number {
  if (typeof a === 'string' && typeof b === 'string') return byCodePoint([...a], [...b]);
  return a < b ? -1 : a > b ? 1 : 0;
}

function byCodePoint(a: readonly string[], b: readonly string[]): number {
  const at = a.findIndex((character, index) => character !== b[index]);
  if (at < 0) return a.length - b.length;
  return (a[at]?.codePointAt(0) ?? 0) - (b[at]?.codePointAt(0) ?? -1);
}
