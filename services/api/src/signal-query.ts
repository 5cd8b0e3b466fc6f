import {
  defaultOrg,
  type JsonObject,
  parseQuery,
  type Query,
  queryHints,
  searchField,
  searchFields,
  type SignalFilter,
  type SignalSort,
} from '@tocsin/core';
import { z } from 'zod';
import { ApiError } from './errors.ts';
import { instantIn } from './instant.ts';

/** A time as JSON gives it: text, or milliseconds. */
const time = z.union([z.string(), z.number()]);
/** The `filter` of every body that asks for signals. */
export const filterBody = z
  .strictObject({ query: z.string().optional(), from: time.optional(), to: time.optional() })
  .default({});

export type FilterRequest = z.output<typeof filterBody>;

/** A filter, and what to tell whoever wrote its query. */
export interface ReadFilter {
  readonly filter: SignalFilter;
  readonly hints: readonly JsonObject[];
}

/** Refuses what cannot be read with `bad_query` or `bad_time`. */
export function filterOf({ query: text, from, to }: FilterRequest): ReadFilter {
  const query = readQuery(text ?? '');
  const now = Date.now();
  return {
    filter: {
      org: defaultOrg,
      query,
      ...(from !== undefined && { from: readInstant(from, 'from', now) }),
      ...(to !== undefined && { to: readInstant(to, 'to', now) }),
    },
    hints: queryHints(query).map(({ range, message }) => ({
      code: 'query_hint',
      title: message,
      meta: { range: { from: range.from, to: range.to } },
    })),
  };
}

/** A query, or a refusal with the range that is wrong and with what was expected there. */
export function readQuery(text: string): Query {
  const parsed = parseQuery(text);
  if (parsed.ok) return parsed.query;
  const { range, expected, message } = parsed.problem;
  throw new ApiError('bad_query', message, { meta: { range: { from: range.from, to: range.to }, expected } });
}

function readInstant(text: string | number, name: string, now: number): number {
  const instant = instantIn(typeof text === 'number' ? (new Date(text).toJSON() ?? '') : text, now);
  if (instant !== undefined) return instant;
  throw new ApiError(
    'bad_time',
    `${name} is not a time: write 2026-01-31T12:00:00Z, milliseconds since the epoch, or now-7d (s m h d w mo y; now/d is midnight).`,
  );
}

/** `timestamp`, `-timestamp`, or another field in the same way. */
export function readSort(text: string): SignalSort {
  const descending = text.startsWith('-');
  const field = searchField(descending ? text.slice(1) : text);
  if (field) return { field: field.name, descending };
  const names = searchFields.map(({ name }) => name).join(', ');
  throw new ApiError('bad_sort', `Cannot sort by "${text.slice(0, 64)}". Possible, with or without "-": ${names}.`);
}
