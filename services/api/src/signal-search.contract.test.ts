import { randomQuery } from '@tocsin/conformance';
import { type Json, parseQuery, queryPredicate, searchDocument } from '@tocsin/core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OpenedSearch, signalsPath as base } from '../test/opened-search.ts';

let rig: OpenedSearch;
beforeAll(async () => {
  rig = await OpenedSearch.open();
}, 120_000);
afterAll(() => rig?.close());

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
    const answer = await rig.app.inject({ method: 'POST', url: `${base}/search`, payload: body });
    expect(answer.statusCode, `${body} ${answer.body}`).toBe(200);
    const { data, meta } = answer.json<Answer>();
    found.push(...data.map(({ id }) => id));
    cursor = meta?.page?.after;
  } while (cursor !== undefined);
  return found;
}

async function refusal(name: string, value: string) {
  const answer = await rig.app.inject({ url: `${base}?${new URLSearchParams([[name, value]])}` });
  return { ...answer.json<{ errors: [{ status: string; code: string; detail: string; meta?: Json }] }>().errors[0] };
}

describe('search', () => {
  test('finds the signals that the predicate of the query selects, and no others', async () => {
    await fc.assert(
      fc.asyncProperty(randomQuery, fc.constantFrom(7, 100), async (query, limit) => {
        const parsed = parseQuery(query);
        if (!parsed.ok) throw new Error(parsed.problem.message);
        const selects = queryPredicate(parsed.query.root);
        const expected = rig.views.filter((view) => selects(searchDocument(view))).map(({ id }) => id);
        expect([...(await search({ query }, { limit }))].sort()).toEqual([...expected].sort());
      }),
      { numRuns: 100 },
    );
    expect(rig.failures).toEqual([]);
  });

  test('sorts severity by rank', async () => {
    const severities = new Map(rig.views.map(({ id, severity }) => [id, severity]));
    const found = (await search({}, { sort: '-status', limit: 9 })).map((id) => severities.get(id));
    expect([...new Set(found)]).toEqual(['critical', 'high', 'medium', 'low', 'info']);
    expect(await search({}, { sort: '-severity' })).toEqual(await search({}, { sort: '-status' }));
  });

  test('takes times as ISO 8601, milliseconds and date math: from inclusive, to exclusive', async () => {
    const [view] = rig.views;
    const at = view?.createdAt ?? 0;
    for (const from of [at, String(at), new Date(at).toISOString()])
      expect(await search({ from, to: at + 1 })).toContain(view?.id);
    expect(await search({ from: at + 1 })).not.toContain(view?.id);
    expect(await search({ to: at })).not.toContain(view?.id);
    expect(await search({ from: 'now+1d' })).toEqual([]);
  });

  test('says what it thinks of a value that no signal has', async () => {
    const answer = await rig.app.inject({ url: `${base}?filter[query]=status:urgent` });
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
])('case %#: %s is refused', async (name, value, code, detail) => {
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
