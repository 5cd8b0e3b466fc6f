import { conditionOf, type SignalFilter } from '@tocsin/core';
import { sql } from 'kysely';
import { type SqlCondition, signalKeyColumns, sqlCondition } from '../query/sql-condition.ts';

/** What a row of `signals` must be, for a WHERE clause. */
export function matched({ org, from, to, query }: SignalFilter): SqlCondition {
  const conditions = [
    sql<boolean>`org = ${org}::text`,
    ...(from === undefined ? [] : [sql<boolean>`created_at >= ${String(from)}::text::bigint`]),
    ...(to === undefined ? [] : [sql<boolean>`created_at < ${String(to)}::text::bigint`]),
    ...(query === undefined ? [] : [sqlCondition(conditionOf(query.root), signalKeyColumns)]),
  ];
  return sql`(${sql.join(conditions, sql` AND `)})`;
}
