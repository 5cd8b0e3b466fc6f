import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openedOf, randomQuery, searchedSignal } from '@tocsin/conformance';
import {
  type AnyProcessor,
  type Json,
  jsonCodec,
  parseQuery,
  queryPredicate,
  searchDocument,
  type SignalView,
  type TopicName,
} from '@tocsin/core';
import { EmbeddedLog, openPglite } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import fc from 'fast-check';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerErrors, answering } from './answering-errors.ts';
import { LazyReadModel } from './read-model/opening.ts';
import { readBodies } from './request-body.ts';
import { signalRoutes } from './signal-routes.ts';

/** The routes that read signals, on a log and a read model of their own. */
const base = '/api/v2/security_monitoring/signals';
const folder = mkdtempSync(join(tmpdir(), 'tocsin-search-'));
const end = new AbortController();
const log = new EmbeddedLog({ path: join(folder, 'log.db') });
const failures: unknown[] = [];
const readModel = new LazyReadModel({
  log,
  digest: nodeDigest,
  dialect: (fresh) => openPglite({ directory: join(folder, 'read-model'), fresh, onDiscarded: () => {} }),
  onFailure: (error) => failures.push(error),
  freshWithinMs: 20_000,
});
const app: FastifyInstance = Fastify();
const [views = []] = fc.sample(fc.tuple(...Array.from({ length: 40 }, (_, index) => searchedSignal(`s-${index}`))), {
  numRuns: 1,
  seed: 11,
}) as readonly (readonly SignalView[])[];
const opened = openedOf(views);

/** Puts into a single-writer topic what is appended to it by way of another. */
const copier: AnyProcessor = {
  id: 'copier',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals'],
  state: jsonCodec(1),
  keys: () => [],
  step: (_, record) => ({
    puts: new Map(),
    out: [record.value as { readonly topic: TopicName; readonly key: string; readonly value: unknown }],
  }),
};
let running: Promise<void>;

beforeAll(async () => {
  readBodies(app, () => undefined);
  answerErrors(
    app,
    answering((error) => failures.push(error)),
  );
  signalRoutes(app, readModel);
  running = log.run([copier], end.signal);
  const signals = opened.records.filter(({ topic }) => topic === 'signals');
  await log.append(
    signals.map(({ topic, key, value }) => ({
      topic: 'grouped-detections' as const,
      key,
      shard: 0,
      value: { topic, key, value },
    })),
  );
  while ((await search({})).length < opened.views.length) await new Promise((resolve) => setTimeout(resolve, 20));
}, 60_000);
afterAll(async () => {
  await app.close();
  end.abort();
  await running;
  await readModel.close();
  await log.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Answer {
  readonly data: readonly { readonly id: string }[];
  readonly meta?: { readonly page?: { readonly after?: string }; readonly warnings?: readonly Json[] };
}

/** Ids of all pages. */
async function search(filter: object, { limit = 100, sort = '-timestamp' } = {}): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor: string | undefined;
  do {
    const body = JSON.stringify({ filter, sort, page: { limit, ...(cursor !== undefined && { cursor }) } });
    const answer = await app.inject({ method: 'POST', url: `${base}/search`, payload: body });
    expect(answer.statusCode, `${body} ${answer.body}`).toBe(200);
    const { data, meta } = answer.json<Answer>();
    found.push(...data.map(({ id }) => id));
    cursor = meta?.page?.after;
  } while (cursor !== undefined);
  return found;
}

async function refusal(name: string, value: string) {
  const answer = await app.inject({ url: `${base}?${new URLSearchParams([[name, value]])}` });
  return { ...answer.json<{ errors: [{ status: string; code: string; detail: string; meta?: Json }] }>().errors[0] };
}

describe('search', () => {
  test('finds the signals that the predicate of the query selects, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(randomQuery, fc.constantFrom(7, 100), async (query, limit) => {
        const parsed = parseQuery(query);
        if (!parsed.ok) throw new Error(parsed.problem.message);
        const selects = queryPredicate(parsed.query.root);
        const expected = opened.views.filter((view) => selects(searchDocument(view))).map(({ id }) => id);
        expect([...(await search({ query }, { limit }))].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 100, interruptAfterTimeLimit: 20_000 },
    );
    expect(failures).toEqual([]);
  });

  test('sorts severity by rank', async () => {
    const severities = new Map(opened.views.map(({ id, severity }) => [id, severity]));
    const found = (await search({}, { sort: '-status', limit: 9 })).map((id) => severities.get(id));
    expect([...new Set(found)]).toEqual(['critical', 'high', 'medium', 'low', 'info']);
    expect(await search({}, { sort: '-severity' })).toEqual(await search({}, { sort: '-status' }));
  });

  test('takes times as ISO 8601, milliseconds and date math: from inclusive, to exclusive', async () => {
    const [view] = opened.views;
    const at = view?.createdAt ?? 0;
    for (const from of [at, String(at), new Date(at).toISOString()])
      expect(await search({ from, to: at + 1 })).toContain(view?.id);
    expect(await search({ from: at + 1 })).not.toContain(view?.id);
    expect(await search({ to: at })).not.toContain(view?.id);
    expect(await search({ from: 'now+1d' })).toEqual([]);
  });

  test('says what it thinks of a value that no signal has', async () => {
    const answer = await app.inject({ url: `${base}?filter[query]=status:urgent` });
    expect(answer.json<Answer>()).toEqual({
      data: [],
      meta: {
        warnings: [
          {
            code: 'query_hint',
            title: 'status is never "urgent": it is one of info, low, medium, high, critical.',
            meta: { range: { from: 7, to: 13 } },
          },
        ],
      },
    });
  });
});

test.each([
  ['filter[query]', 'env:prod AND', 'bad_query', /at character 13: the query ends, expected is a word/],
  ['filter[query]', '(a OR b', 'bad_query', /at characters 1 to 7/],
  ['filter[query]', `${'('.repeat(17)}a`, 'bad_query', /16 levels/],
  ['filter[query]', 'x'.repeat(4_097), 'bad_query', /4096 characters/],
  ['filter[from]', 'yesterday', 'bad_time', /^from is not a time/],
  ['filter[to]', `now-${'9'.repeat(30)}w`, 'bad_time', /^to is not a time/],
  ['sort', '@nope', 'bad_sort', /"@nope".*timestamp/],
  ['page[cursor]', 'nonsense', 'bad_cursor', /cursor/],
])('%s=%s is refused with the code %s', async (name, value, code, detail) => {
  expect(await refusal(name, value)).toMatchObject({
    status: '400',
    code,
    detail: expect.stringMatching(detail) as string,
  });
});

test('a refused query comes with the range that is wrong and what was expected there', async () => {
  expect((await refusal('filter[query]', '@n:>abc')).meta).toEqual({
    range: { from: 4, to: 7 },
    expected: 'a number right after >',
  });
});
