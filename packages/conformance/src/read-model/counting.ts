import {
  type AggregateGroup,
  type AggregateRequest,
  type Facet,
  type FacetRequest,
  canonicalKey,
  type Measure,
  searchable,
  searchDocument,
  type SignalFilter,
  type SignalView,
  withoutKey,
} from '@tocsin/core';
import { compared, matches, queryOf } from './matching.ts';

const valuesOf = (view: SignalView, key: string) =>
  searchDocument(view).values.get(searchable(canonicalKey(key))) ?? [];
const textsOf = (view: SignalView, key: string): readonly string[] => [
  ...new Set(valuesOf(view, key).filter((value) => typeof value === 'string')),
];
const numbersOf = (view: SignalView, key: string): readonly number[] =>
  valuesOf(view, key).filter((value) => typeof value === 'number');

/** The oracle of facets: each key over what is found without what is asked of it. */
export const facetsIn = (views: readonly SignalView[], filter: SignalFilter, request: FacetRequest): readonly Facet[] =>
  request.keys.map((key) => {
    const own = filter.query ? { ...filter, query: queryOf(withoutKey(filter.query, key)) } : filter;
    const counts = new Map<string, number>();
    for (const view of views)
      if (matches(own, view)) for (const text of textsOf(view, key)) counts.set(text, (counts.get(text) ?? 0) + 1);
    const values = [...counts]
      .map(([value, count]) => ({ value, count }))
      .filter(({ value }) => value.toLowerCase().includes((request.contains ?? '').toLowerCase()))
      .sort((a, b) => b.count - a.count || compared(a.value, b.value));
    return { key, values: values.slice(0, request.limit), distinct: values.length };
  });

/** The oracle of aggregates. */
export function aggregateIn(
  views: readonly SignalView[],
  filter: SignalFilter,
  { groupBy, measures, limit, interval }: AggregateRequest,
): readonly AggregateGroup[] {
  const groups = new Map<string, { by: readonly string[]; views: SignalView[] }>();
  if (groupBy.length === 0) groups.set('[]', { by: [], views: [] });
  for (const view of views.filter((each) => matches(filter, each)))
    for (const by of combinations(groupBy.map((key) => textsOf(view, key)))) {
      const held = groups.get(JSON.stringify(by)) ?? { by, views: [] };
      held.views.push(view);
      groups.set(JSON.stringify(by), held);
    }
  const measured = (own: readonly SignalView[]) => measures.map((measure) => measureOf(own, measure));
  return [...groups.values()]
    .map(({ by, views: own }) => ({ by, totals: measured(own), series: seriesOf(own, interval, measured) }))
    .sort((a, b) => highestFirst(a, b))
    .slice(0, limit);
}

const combinations = (lists: readonly (readonly string[])[]): readonly (readonly string[])[] =>
  lists.reduce<readonly (readonly string[])[]>(
    (found, list) => found.flatMap((begun) => list.map((value) => [...begun, value])),
    [[]],
  );

function highestFirst(a: AggregateGroup, b: AggregateGroup): number {
  const [first, second] = [a.totals[0], b.totals[0]];
  if (first !== second) {
    if (first === undefined || second === undefined) return first === undefined ? 1 : -1;
    return second - first;
  }
  const at = a.by.findIndex((value, index) => value !== b.by[index]);
  return at < 0 ? 0 : compared(a.by[at] ?? '', b.by[at] ?? '');
}

function seriesOf(
  views: readonly SignalView[],
  interval: number | undefined,
  measured: (views: readonly SignalView[]) => AggregateGroup['totals'],
): AggregateGroup['series'] {
  if (interval === undefined) return [];
  const starts = views.map(({ createdAt }) => Math.floor(createdAt / interval) * interval);
  return [...new Set(starts)]
    .sort((a, b) => a - b)
    .map((at) => ({ at, measured: measured(views.filter((_, index) => starts[index] === at)) }));
}

function measureOf(views: readonly SignalView[], measure: Measure): number | undefined {
  if (measure.kind === 'count') return views.length;
  if (measure.kind === 'unique') return new Set(views.flatMap((view) => textsOf(view, measure.key))).size;
  const numbers = views.flatMap((view) => numbersOf(view, measure.key)).sort((a, b) => a - b);
  if (numbers.length === 0) return undefined;
  if (measure.kind === 'percentile') return between(numbers, measure.percent);
  return overAll[measure.kind](numbers);
}

const overAll: Readonly<Record<'min' | 'max' | 'sum' | 'avg', (sorted: readonly number[]) => number | undefined>> = {
  min: (sorted) => sorted[0],
  max: (sorted) => sorted.at(-1),
  sum: (sorted) => sorted.reduce((sum, each) => sum + each, 0),
  avg: (sorted) => sorted.reduce((sum, each) => sum + each / sorted.length, 0),
};

function between(sorted: readonly number[], percent: number): number {
  const place = ((sorted.length - 1) * percent) / 100;
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}
