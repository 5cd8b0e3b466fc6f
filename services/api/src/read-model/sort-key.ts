import { type SearchField, searchField, type SignalSort } from '@tocsin/core';
import { type RawBuilder, sql } from 'kysely';
import { signalKeyColumns } from '../query/sql-condition.ts';
import { BadCursor, readCursorText, cursorOf } from './cursor.ts';

/** Where a page ended: the sort value of its last row as text, and its id. */
export interface ListPlace {
  readonly value: string | null;
  readonly id: string;
}

type KeyType = 'bigint' | 'numeric' | 'text';

/** What rows are sorted by, as it is compared and as it is written into a cursor. */
interface SortKey {
  readonly type: KeyType;
  readonly expression: RawBuilder<unknown>;
}

/** Columns to select beside the row, ORDER BY, and what a row after a place is. */
export interface ListOrder {
  readonly value: RawBuilder<string | null>;
  readonly orderBy: RawBuilder<unknown>;
  readonly after: (place: ListPlace) => RawBuilder<boolean>;
}

export function listOrder({ field: name, descending }: SignalSort): ListOrder {
  const field = searchField(name);
  if (!field) throw new Error(`no field ${name} to sort by`);
  const { type, expression } = sortKey(field);
  const direction = sql.raw(descending ? 'DESC' : 'ASC');
  const beyond = sql.raw(descending ? '<' : '>');
  // Every signal has a time. NULLS LAST, and a comparison that is not of rows, would keep its index from being used.
  const isTime = field.name === 'timestamp';
  const last = sql.raw(isTime ? '' : 'NULLS LAST');
  return {
    value: sql<string | null>`(${expression})::text`,
    orderBy: sql`${expression} ${direction} ${last}, id ${direction}`,
    after({ value, id }) {
      if (value === null) return sql`(${expression} IS NULL AND id ${beyond} ${id}::text)`;
      const bound = boundAs(type, value);
      if (isTime) return sql`(created_at, id) ${beyond} (${bound}, ${id}::text)`;
      return sql`(${expression} ${beyond} ${bound} OR (${expression} = ${bound} AND id ${beyond} ${id}::text) OR ${expression} IS NULL)`;
    },
  };
}

function sortKey({ name, type, ranks }: SearchField): SortKey {
  const column = signalKeyColumns[name];
  if (ranks) {
    const held = column ? sql.ref(column.column) : firstText(name);
    return { type: 'bigint', expression: sql`array_position(${ranks}::text[], ${held})` };
  }
  if (column?.type === 'bigint') return { type: 'bigint', expression: sql.ref(column.column) };
  if (type === 'text') return { type: 'text', expression: sql`${firstText(name)} COLLATE "C"` };
  return { type: 'numeric', expression: firstNumber(name) };
}

/** A number is always stored behind its text. */
const firstText = (key: string): RawBuilder<unknown> => sql`(search -> ${key}::text ->> 0)`;
const firstNumber = (key: string): RawBuilder<unknown> =>
  sql`(jsonb_path_query_first(search -> ${key}::text, '$[*] ? (@.type() == "number")')::numeric)`;

function boundAs(type: KeyType, value: string): RawBuilder<unknown> {
  switch (type) {
    case 'bigint':
      return sql`${value}::text::bigint`;
    case 'numeric':
      return sql`${value}::text::numeric`;
    case 'text':
      return sql`${value}::text COLLATE "C"`;
    default:
      return type satisfies never;
  }
}

const numbers: Readonly<Record<KeyType, RegExp>> = {
  bigint: /^-?\d{1,18}$/,
  numeric: /^-?\d{1,400}(?:\.\d{1,1200})?$/,
  text: /^[^\0]*$/,
};

/** A cursor holds the order it was given for: in another one its place means nothing. */
export const listCursor = ({ field, descending }: SignalSort, { value, id }: ListPlace): string =>
  cursorOf([field, descending ? 'desc' : 'asc', value, id]);

export function readListCursor(sort: SignalSort, cursor: string): ListPlace {
  const [field, direction, value, id, ...more] = readCursorText(cursor);
  if (field !== sort.field || direction !== (sort.descending ? 'desc' : 'asc') || more.length > 0)
    throw new BadCursor();
  const declared = searchField(sort.field);
  if (!declared || typeof id !== 'string' || id.includes('\0')) throw new BadCursor();
  if (value === null) return { value, id };
  if (typeof value !== 'string' || !numbers[sortKey(declared).type].test(value)) throw new BadCursor();
  return { value, id };
}
