import {
  type AggregateGroup,
  type Duration,
  isoOf,
  type JsonObject,
  type Measure,
  type Measured,
  type ReadModel,
  searchField,
  searchFields,
  type SignalFilter,
} from '@tocsin/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { type HistogramInterval, histogramInterval, intervalFor } from './histogram-interval.ts';
import { metaOf } from './paging.ts';
import { parsed } from './parsing.ts';
import type { LazyReadModel } from './read-model/opening.ts';
import { reading } from './reading.ts';
import { filterBody, filterOf } from './signal-query.ts';

const key = z.string().min(1).max(256);
const limit = z.number().int().min(1).max(1000).default(10);
const shownFacets = searchFields.filter(({ facet }) => facet).map(({ name }) => name);
const facetsBody = z.strictObject({
  filter: filterBody,
  facets: z.array(key).min(1).max(32).default(shownFacets),
  limit,
  contains: z.string().min(1).max(256).optional(),
});

const percentile =
  (percent: number) =>
  (key: string): Measure => ({ kind: 'percentile', key, percent });
const overKey = {
  cardinality: (key: string): Measure => ({ kind: 'unique', key }),
  min: (key: string): Measure => ({ kind: 'min', key }),
  max: (key: string): Measure => ({ kind: 'max', key }),
  avg: (key: string): Measure => ({ kind: 'avg', key }),
  sum: (key: string): Measure => ({ kind: 'sum', key }),
  median: percentile(50),
  pc75: percentile(75),
  pc90: percentile(90),
  pc95: percentile(95),
  pc98: percentile(98),
  pc99: percentile(99),
} as const;
const ofKey = Object.keys(overKey) as readonly (keyof typeof overKey)[];
const compute = z.discriminatedUnion('aggregation', [
  z.strictObject({ aggregation: z.literal('count') }),
  z.strictObject({ aggregation: z.enum(ofKey), metric: key }),
]);
const aggregateBody = z.strictObject({
  filter: filterBody,
  compute: z
    .array(compute)
    .min(1)
    .max(10)
    .default([{ aggregation: 'count' }]),
  group_by: z.array(key).max(3).default([]),
  limit,
  interval: histogramInterval.optional(),
});

/** What could be chosen next, and what there is of it: not in the documented API, in its style. */
export function countRoutes(app: FastifyInstance, readModel: LazyReadModel): void {
  const base = '/api/v2/security_monitoring/signals';

  app.post(`${base}/facets`, async (request) => {
    const { filter: asked, facets: keys, ...about } = parsed(facetsBody, request.body);
    const { filter, hints } = filterOf(asked);
    const { contains, ...limited } = about;
    return reading(readModel, async ({ model, fresh }) => {
      const facets = await model.facets(filter, { keys, ...limited, ...(contains !== undefined && { contains }) });
      const data = facets.map(({ key: id, values, distinct }) => ({
        id,
        type: 'facet',
        attributes: { label: searchField(id)?.label ?? id, values: values.map((each) => ({ ...each })), distinct },
      }));
      return { data, ...metaOf({ fresh, hints }) };
    });
  });

  app.post(`${base}/aggregate`, async (request) => {
    const body = parsed(aggregateBody, request.body);
    const { filter, hints } = filterOf(body.filter);
    const measures = body.compute.map(measureOf);
    return reading(readModel, async ({ model, fresh }) => {
      const interval = body.interval === undefined ? undefined : await intervalIn(model, filter, body.interval);
      const groups = await model.aggregate(filter, {
        groupBy: body.group_by,
        measures,
        limit: body.limit,
        ...(interval !== undefined && { interval }),
      });
      const buckets = groups.map((group) => bucketOf(group, body.group_by, interval));
      const attributes = { ...(interval !== undefined && { interval }), buckets };
      return { data: { type: 'aggregate', attributes }, ...metaOf({ fresh, hints }) };
    });
  });
}

const measureOf = (asked: z.output<typeof compute>): Measure =>
  asked.aggregation === 'count' ? { kind: 'count' } : overKey[asked.aggregation](asked.metric);

/** An open end is where the signals that are found begin, or now. */
async function intervalIn(model: ReadModel, filter: SignalFilter, asked: HistogramInterval): Promise<Duration> {
  const to = filter.to ?? Date.now();
  if (filter.from !== undefined) return intervalFor(asked, to - filter.from);
  const measures = [{ kind: 'min', key: 'timestamp' }] as const;
  const [all] = await model.aggregate(filter, { groupBy: [], measures, limit: 1 });
  return intervalFor(asked, to - (all?.totals[0] ?? to));
}

function bucketOf(
  { by, totals, series }: AggregateGroup,
  keys: readonly string[],
  interval: Duration | undefined,
): JsonObject {
  return {
    by: Object.fromEntries(keys.map((each, at) => [each, by[at] ?? ''])),
    computes: computesOf(totals),
    ...(interval !== undefined && {
      series: series.map(({ at, measured }) => ({ time: isoOf(at), computes: computesOf(measured) })),
    }),
  };
}

const computesOf = (measured: Measured): JsonObject =>
  Object.fromEntries(measured.map((value, at) => [`c${at}`, value ?? null]));
