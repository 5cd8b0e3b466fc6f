import type { Json, SignalView } from '@tocsin/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OpenedSearch, signalsPath as base } from '../test/opened-search.ts';

let rig: OpenedSearch;
beforeAll(async () => {
  rig = await OpenedSearch.open();
}, 120_000);
afterAll(() => rig?.close());

interface Bucket {
  readonly by: { readonly status: string };
  readonly computes: Json;
  readonly series: readonly { readonly time: string; readonly computes: { readonly c0?: number } }[];
}
interface Histogram {
  readonly attributes: { readonly interval: number; readonly buckets: readonly Bucket[] };
}

async function ask(path: 'facets' | 'aggregate', payload: object) {
  const answer = await rig.app.inject({ method: 'POST', url: `${base}/${path}`, payload: JSON.stringify(payload) });
  return { status: answer.statusCode, ...answer.json<{ data: Json; errors?: readonly Json[] }>() };
}
const countOf = (selects: (view: SignalView) => boolean): number => rig.views.filter(selects).length;

describe('counts', () => {
  test('facets count without their own part of the query, those of the panel unless others are named', async () => {
    const { data } = await ask('facets', { filter: { query: 'status:high @workflow.triage.state:open' } });
    const facets = data as readonly { readonly id: string; readonly attributes: Json }[];
    expect(facets.map(({ id }) => id).slice(0, 2)).toEqual(['status', '@workflow.triage.state']);
    expect(facets).toHaveLength(12);
    const high = countOf(({ severity, triage }) => severity === 'high' && triage.state === 'open');
    const low = countOf(({ severity, triage }) => severity === 'low' && triage.state === 'open');
    expect(facets[0]).toMatchObject({
      type: 'facet',
      attributes: {
        label: 'Severity',
        values: expect.arrayContaining([
          { value: 'high', count: high },
          { value: 'low', count: low },
        ]) as unknown,
      },
    });
    expect((await ask('facets', { facets: ['@usr.name', 'team'], limit: 1, contains: 'ALICE' })).data).toMatchObject([
      {
        id: '@usr.name',
        attributes: { label: '@usr.name', values: [{ value: expect.stringMatching(/alice/i) as string }] },
      },
      { id: 'team' },
    ]);
  });

  test('a count, groups with measures, and a histogram by severity', async () => {
    const high = countOf(({ severity }) => severity === 'high');
    expect((await ask('aggregate', { filter: { query: 'status:high' } })).data).toEqual({
      type: 'aggregate',
      attributes: { buckets: [{ by: {}, computes: { c0: high } }] },
    });
    const compute = [
      { aggregation: 'count' },
      { aggregation: 'cardinality', metric: '@workflow.rule.id' },
      { aggregation: 'max', metric: '@workflow.events_matched' },
      { aggregation: 'pc95', metric: '@nothing' },
    ];
    const { data } = await ask('aggregate', { compute, group_by: ['status'], interval: 'auto' });
    const { interval, buckets } = (data as unknown as Histogram).attributes;
    expect(interval).toBeGreaterThanOrEqual(3_600_000);
    expect(buckets).toHaveLength(5);
    for (const { by, computes, series } of buckets) {
      const own = rig.views.filter(({ severity }) => severity === by.status);
      expect(computes).toEqual({
        c0: own.length,
        c1: new Set(own.map(({ rule }) => rule.id)).size,
        c2: Math.max(...own.map(({ count }) => count)),
        c3: null,
      });
      expect(series.reduce((sum, each) => sum + (each.computes.c0 ?? 0), 0)).toBe(own.length);
      for (const { time } of series) expect(Date.parse(time) % interval).toBe(0);
    }
  });

  test.each([
    ['facets', { facets: [] }, /facets/],
    ['facets', { limit: 1_001 }, /limit/],
    ['facets', { filter: { query: '(' } }, /character/],
    ['aggregate', { group_by: ['a', 'b', 'c', 'd'] }, /group_by/],
    ['aggregate', { compute: [{ aggregation: 'max' }] }, /metric/],
    ['aggregate', { compute: [{ aggregation: 'mode', metric: '@n' }] }, /compute/],
    ['aggregate', { interval: '1y' }, /interval/],
    ['aggregate', { filter: { from: 0 }, interval: '1s' }, /at most 1000 stretches/],
  ] as const)('%s of %j is refused', async (path, body, detail) => {
    const { status, errors } = await ask(path, body);
    expect(status).toBe(400);
    expect(errors?.[0]).toMatchObject({ detail: expect.stringMatching(detail) as string });
  });
});
