import type { AggregateGroup, AggregateRequest, Measure, Measured, SignalFilter } from '@tocsin/core';
import { type RawBuilder, sql } from 'kysely';
import { numbersOf, textsOf } from './held-values.ts';
import { matched } from './matched.ts';
import type { Database } from './schema.ts';

/** `g0`…: values of the group. `m0`…: measures. */
type Row = { readonly at: string | null } & Readonly<Record<string, string | number | null>>;

/** One statement: the groups, those that are shown, and their stretches of time, all of the same rows. */
export async function aggregated(
  db: Database,
  filter: SignalFilter,
  request: AggregateRequest,
): Promise<readonly AggregateGroup[]> {
  const { rows } = await statementOf(filter, request).execute(db);
  const groups = new Map<string, Row[]>();
  for (const row of rows) {
    const by = JSON.stringify(namesOf('g', request.groupBy).map((name) => row[name]));
    const own = groups.get(by);
    if (own) own.push(row);
    else groups.set(by, [row]);
  }
  return [...groups.values()].map((own) => groupOf(own, request));
}

function groupOf(rows: readonly Row[], { groupBy, measures }: AggregateRequest): AggregateGroup {
  const measured = (row: Row | undefined): Measured =>
    namesOf('m', measures).map((name) => {
      const value = row?.[name] ?? null;
      return value === null ? undefined : Number(value);
    });
  const total = rows.find(({ at }) => at === null);
  return {
    by: namesOf('g', groupBy).map((name) => String(total?.[name])),
    totals: measured(total),
    series: rows.flatMap((row) => (row.at === null ? [] : [{ at: Number(row.at), measured: measured(row) }])),
  };
}

const namesOf = (letter: 'g' | 'm', items: readonly unknown[]): readonly string[] =>
  items.map((_, index) => `${letter}${index}`);
const list = (items: readonly RawBuilder<unknown>[]): RawBuilder<unknown> => sql.join(items);

function statementOf(filter: SignalFilter, request: AggregateRequest): RawBuilder<Row> {
  const { measures, interval, limit } = request;
  const groups = namesOf('g', request.groupBy).map((name) => sql.ref(name));
  const stretch = sql`created_at / ${String(interval ?? 1)}::text::bigint * ${String(interval ?? 1)}::text::bigint`;
  const highest = [sql`m0 DESC NULLS LAST`, ...groups.map((group) => sql`${group} COLLATE "C"`)];
  const same = groups.map((group, at) => sql`${group} = top.${sql.ref(`t${at}`)}`);
  const named = groups.map((group, at) => sql`${group} AS ${sql.ref(`t${at}`)}`);
  return sql<Row>`WITH counted AS (
      SELECT ${list([...groups, sql`${interval === undefined ? sql`NULL::bigint` : sql`at`} AS at`, ...measures.map(measureIn)])}
      FROM (SELECT state, severity, search, ${stretch} AS at FROM signals WHERE ${matched(filter)}) AS hit
      ${valuesOf(request)}
      GROUP BY GROUPING SETS ((${list(groups)})${interval === undefined ? sql`` : sql`, (${list([...groups, sql`at`])})`})
    ), top AS (
      SELECT ${list([...named, sql`row_number() OVER (ORDER BY ${list(highest)}) AS rank`])} FROM counted WHERE at IS NULL
      ORDER BY rank LIMIT ${limit}::int
    )
    SELECT counted.* FROM counted JOIN top ON ${same.length === 0 ? sql`true` : sql.join(same, sql` AND `)}
    ORDER BY top.rank, at NULLS FIRST`;
}

/** A row for each combination of the values of the group, and for each of these one for every value of a measure. */
function valuesOf({ groupBy, measures }: AggregateRequest): RawBuilder<unknown> {
  const groups = groupBy.map(
    (key, at) => sql`CROSS JOIN LATERAL ${textsOf(key)} AS ${sql.ref(`of${at}`)} (${sql.ref(`g${at}`)})`,
  );
  const held = measures.flatMap((measure, at) => {
    if (measure.kind === 'count') return [];
    if (measure.kind === 'unique')
      return [sql`SELECT ${at}::int, value, NULL::numeric FROM ${textsOf(measure.key)} AS texts`];
    return [sql`SELECT ${at}::int, NULL::text, value FROM ${numbersOf(measure.key)} AS numbers`];
  });
  // Marked by a number that no measure has: the signal itself, to be counted once.
  const itself = sql`SELECT -1 AS measure, NULL::text AS held, NULL::numeric AS number`;
  const all = sql.join([itself, ...held], sql` UNION ALL `);
  return sql.join([...groups, sql`CROSS JOIN LATERAL (${all}) AS measured (measure, held, number)`], sql` `);
}

function measureIn(measure: Measure, at: number): RawBuilder<unknown> {
  const name = sql.ref(`m${at}`);
  const own = sql`FILTER (WHERE measure = ${at}::int)`;
  switch (measure.kind) {
    case 'count':
      return sql`count(*) FILTER (WHERE measure = -1) AS ${name}`;
    case 'unique':
      return sql`count(DISTINCT held) ${own} AS ${name}`;
    case 'min':
    case 'max':
    case 'avg':
    case 'sum':
      return sql`${sql.raw(measure.kind)}(number) ${own} AS ${name}`;
    case 'percentile':
      return sql`percentile_cont(${measure.percent / 100}::double precision) WITHIN GROUP (ORDER BY number::double precision) ${own} AS ${name}`;
    default:
      return measure satisfies never;
  }
}
