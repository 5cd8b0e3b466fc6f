import { canonicalKey, searchable } from '@tocsin/core';
import { type RawBuilder, sql } from 'kysely';
import { signalKeyColumns } from '../query/sql-condition.ts';

/** The name of a key in the document. */
export const documentKey = (key: string): string => searchable(canonicalKey(key));

/** The column that holds the only value of a key as text, if there is one. */
export function textColumn(key: string): RawBuilder<string> | undefined {
  const name = documentKey(key);
  const held = Object.hasOwn(signalKeyColumns, name) ? signalKeyColumns[name] : undefined;
  return held?.type === 'text' ? sql.ref<string>(held.column) : undefined;
}

/** A table `value` of the different texts of a key, for a row that has `search`. */
export function textsOf(key: string): RawBuilder<unknown> {
  const column = textColumn(key);
  if (column) return sql`(SELECT ${column} AS value)`;
  return sql`(SELECT DISTINCT item #>> '{}' AS value FROM jsonb_array_elements(search -> ${documentKey(key)}::text) AS element (item)
    WHERE jsonb_typeof(item) = 'string')`;
}

/** A table `value` of the numbers of a key. */
export const numbersOf = (key: string): RawBuilder<unknown> =>
  sql`(SELECT CASE jsonb_typeof(item) WHEN 'number' THEN item::numeric END AS value
    FROM jsonb_array_elements(search -> ${documentKey(key)}::text) AS element (item) WHERE jsonb_typeof(item) = 'number')`;
