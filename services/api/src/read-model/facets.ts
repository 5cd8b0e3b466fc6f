import { type Facet, type FacetRequest, parseQuery, type Query, type SignalFilter, withoutKey } from '@tocsin/core';
import { type RawBuilder, sql } from 'kysely';
import { documentKey, textColumn } from './held-values.ts';
import { matched } from './matched.ts';
import type { Database } from './schema.ts';

interface Counted {
  readonly facet: string;
  readonly value: string;
  readonly count: string;
  readonly different: string;
}

/** What can be counted in one reading of the rows. */
interface Reading {
  readonly filter: SignalFilter;
  readonly keys: readonly string[];
  /** The column that holds the values of the one key. */
  readonly column: RawBuilder<string> | undefined;
}

/** Facets that the query does not narrow share one reading of the rows; those that it asks something of have one each. */
export async function facetsOf(db: Database, filter: SignalFilter, request: FacetRequest): Promise<readonly Facet[]> {
  const counted = await Promise.all(
    readingsOf(filter, request.keys).map(async (reading) => (await statementOf(reading, request).execute(db)).rows),
  );
  const rows = counted.flat();
  return request.keys.map((key) =>
    facetOf(
      key,
      rows.filter(({ facet }) => facet === documentKey(key)),
    ),
  );
}

const facetOf = (key: string, rows: readonly Counted[]): Facet => ({
  key,
  values: rows.map(({ value, count }) => ({ value, count: Number(count) })),
  distinct: Number(rows[0]?.different ?? 0),
});

function readingsOf(filter: SignalFilter, keys: readonly string[]): readonly Reading[] {
  const shared = new Map<string, Reading>();
  for (const key of new Set(keys.map(documentKey))) {
    const own = withoutOwn(filter, key);
    const column = textColumn(key);
    const place = column ? `column ${key}` : `document ${own.query?.text ?? ''}`;
    const held = shared.get(place);
    shared.set(place, { filter: own, keys: [...(held?.keys ?? []), key], column });
  }
  return [...shared.values()];
}

function withoutOwn(filter: SignalFilter, key: string): SignalFilter {
  return filter.query ? { ...filter, query: again(withoutKey(filter.query, key)) } : filter;
}

/** What the printer wrote can be read. */
function again(text: string): Query {
  const parsed = parseQuery(text);
  if (!parsed.ok) throw new Error(parsed.problem.message);
  return parsed.query;
}

function statementOf({ filter, keys, column }: Reading, { limit, contains }: FacetRequest) {
  const holds = contains === undefined ? sql`true` : sql`strpos(lower(value), lower(${contains}::text)) > 0`;
  const values = column
    ? sql`(SELECT ${keys[0]}::text AS facet, ${column} AS value)`
    : sql`(SELECT DISTINCT asked.facet, item #>> '{}' AS value FROM unnest(${keys}::text[]) AS asked (facet),
        jsonb_array_elements(search -> asked.facet) AS element (item) WHERE jsonb_typeof(item) = 'string')`;
  return sql<Counted>`WITH counted AS (
      SELECT facet, value, count(*) AS count
      FROM (SELECT state, severity, search FROM signals WHERE ${matched(filter)}) AS hit CROSS JOIN LATERAL ${values} AS held
      WHERE ${holds} GROUP BY facet, value
    ), ranked AS (
      SELECT facet, value, count, count(*) OVER (PARTITION BY facet) AS different,
        row_number() OVER (PARTITION BY facet ORDER BY count DESC, value COLLATE "C") AS rank
      FROM counted
    )
    SELECT facet, value, count, different FROM ranked WHERE rank <= ${limit}::int ORDER BY facet, rank`;
}
