import type { Condition, Limit, Pattern, TextScope } from '@tocsin/core';
import { type RawBuilder, sql } from 'kysely';

/** For a WHERE clause. */
export type SqlCondition = RawBuilder<boolean>;

/**
 * A column that holds the only value of a key in every row, so that its index can be used: as text, or as bigint for a field
 * of numbers or times.
 */
export interface KeyColumn {
  readonly column: string;
  readonly type: 'text' | 'bigint';
}
/** By canonical key. */
export type KeyColumns = Readonly<Record<string, KeyColumn>>;

/** Columns of the read model that say what the document says. */
export const signalKeyColumns: KeyColumns = {
  status: { column: 'severity', type: 'text' },
  '@workflow.triage.state': { column: 'state', type: 'text' },
  timestamp: { column: 'created_at', type: 'bigint' },
};

/**
 * The condition in SQL over `SearchColumns`, for a WHERE clause of PostgreSQL and PGlite. True or false for every row, never
 * NULL, so that NOT means what it says. Everything that came from a query is a bound parameter.
 */
export function sqlCondition(condition: Condition, columns: KeyColumns = {}): SqlCondition {
  switch (condition.kind) {
    case 'always':
      return sql`true`;
    case 'and':
    case 'or':
      return joined(
        condition.items.map((item) => sqlCondition(item, columns)),
        condition.kind,
      );
    case 'not':
      return sql`NOT (${sqlCondition(condition.item, columns)})`;
    case 'words':
      return holdsWords(condition.scope, condition.words);
    case 'line':
      return inScope(condition.scope, (text) => lineLike(text, condition.pattern));
    default:
      return inColumn(condition, columns) ?? inDocument(condition);
  }
}

type OfKey = Extract<Condition, { readonly key: string }>;

function joined(items: readonly SqlCondition[], operator: 'and' | 'or'): SqlCondition {
  if (items.length === 0) return operator === 'and' ? sql`true` : sql`false`;
  return sql`(${sql.join(items, operator === 'and' ? sql` AND ` : sql` OR `)})`;
}

function inDocument(condition: OfKey): SqlCondition {
  const { key } = condition;
  switch (condition.kind) {
    case 'exists':
      return sql`search ? ${key}::text`;
    case 'equals':
      return joined(
        condition.texts.map((text) => sql`search @> ${JSON.stringify({ [key]: [text] })}::text::jsonb`),
        'or',
      );
    case 'like':
      return sql`EXISTS (SELECT 1 FROM jsonb_array_elements(search -> ${key}::text) AS held (item)
        WHERE jsonb_typeof(item) = 'string' AND item #>> '{}' LIKE ${likeOf(condition.pattern)}::text)`;
    case 'between':
      return anyValue(key, ...limitPath(condition.low, condition.high));
    case 'within':
      return joined(
        condition.blocks.map((block) => anyValue(key, '@ >= $low && @ <= $high', { ...block })),
        'or',
      );
    default:
      return condition satisfies never;
  }
}

/** `path` is ours, its variables are the user's. */
const anyValue = (key: string, path: string, variables: Readonly<Record<string, number | string>>): SqlCondition =>
  sql`coalesce(jsonb_path_exists(search -> ${key}::text, ${`$[*] ? (${path})`}::text::jsonpath,
    ${JSON.stringify(variables)}::text::jsonb), false)`;

function limitPath(
  low: Limit | undefined,
  high: Limit | undefined,
): readonly [path: string, variables: Readonly<Record<string, number>>] {
  const parts = [
    '@.type() == "number"',
    ...(low ? [low.inclusive ? '@ >= $low' : '@ > $low'] : []),
    ...(high ? [high.inclusive ? '@ <= $high' : '@ < $high'] : []),
  ];
  return [parts.join(' && '), { ...(low && { low: low.value }), ...(high && { high: high.value }) }];
}

/** Undefined where the document must be asked. */
function inColumn(condition: OfKey, columns: KeyColumns): SqlCondition | undefined {
  const held = Object.hasOwn(columns, condition.key) ? columns[condition.key] : undefined;
  if (!held) return undefined;
  const column = sql.ref(held.column);
  switch (condition.kind) {
    case 'exists':
      return sql`true`;
    case 'equals':
      return held.type === 'text' ? oneOf(column, condition.texts) : undefined;
    case 'like':
      return held.type === 'text' ? sql`${column} LIKE ${likeOf(condition.pattern)}::text` : undefined;
    case 'between':
      return held.type === 'bigint' ? betweenIn(column, condition) : undefined;
    case 'within':
      return undefined;
    default:
      return condition satisfies never;
  }
}

function oneOf(column: RawBuilder<unknown>, texts: readonly string[]): SqlCondition {
  if (texts.length === 0) return sql`false`;
  return sql`${column} IN (${sql.join(texts.map((text) => sql`${text}::text`))})`;
}

function betweenIn(column: RawBuilder<unknown>, { low, high }: { readonly low?: Limit; readonly high?: Limit }) {
  const sides = [
    ...(low ? [sql<boolean>`${column} ${sql.raw(low.inclusive ? '>=' : '>')} ${numberOf(low)}`] : []),
    ...(high ? [sql<boolean>`${column} ${sql.raw(high.inclusive ? '<=' : '<')} ${numberOf(high)}`] : []),
  ];
  return joined(sides, 'and');
}

/** Only a bigint can be looked up in the index of a bigint. */
const numberOf = ({ value }: Limit): RawBuilder<unknown> =>
  Number.isSafeInteger(value) ? sql`${String(value)}::text::bigint` : sql`${String(value)}::text::numeric`;

/** Whole words have an index; their order is in the text. */
function holdsWords(scope: TextScope, words: string): SqlCondition {
  const each = words.trim().split(' ');
  const listed = sql<boolean>`words @> ${each}::text[]`;
  if (scope === 'message' && each.length === 1) return listed;
  const pattern = `%${escaped(words)}%`;
  const found = inScope(scope, (text) => sql`${text} LIKE ${pattern}::text`);
  return scope === 'message' ? sql`(${listed} AND ${found})` : found;
}

function inScope(scope: TextScope, holds: (text: RawBuilder<unknown>) => SqlCondition): SqlCondition {
  const message = holds(sql`message_text`);
  return scope === 'message' ? message : sql`(${message} OR ${holds(sql`rest_text`)})`;
}

const lineLike = (text: RawBuilder<unknown>, pattern: Pattern): SqlCondition =>
  sql`EXISTS (SELECT 1 FROM unnest(string_to_array(${text}, chr(10))) AS held (line) WHERE line LIKE ${likeOf(pattern)}::text)`;

const likeOf = (pattern: Pattern): string =>
  pattern.map((piece) => ('literal' in piece ? escaped(piece.literal) : piece.wild === '*' ? '%' : '_')).join('');
const escaped = (text: string): string => text.replace(/[\\%_]/g, '\\$&');
