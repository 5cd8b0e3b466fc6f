import type { JsonObject } from '@tocsin/core';
import { z } from 'zod';

/** How the lists of the API are asked for. */
export const pageLimit = z.coerce.number().int().min(1).max(1000);
export const pageQuery = { 'page[cursor]': z.string().optional(), 'page[limit]': pageLimit.default(10) };

type PageQuery = z.output<z.ZodObject<typeof pageQuery>>;

export const pageOf = (
  { 'page[cursor]': cursor, 'page[limit]': limit }: PageQuery,
  order: 'newest' | 'oldest',
): { readonly limit: number; readonly cursor?: string; readonly order: 'newest' | 'oldest' } => ({
  limit,
  order,
  ...(cursor !== undefined && { cursor }),
});

interface Beside {
  readonly next?: string | undefined;
  readonly fresh: boolean;
  readonly hints?: readonly JsonObject[];
}

/** What stands beside a page: where the next one begins, hints to the query, and whether the read model was behind the log. */
export function metaOf({ next, fresh, hints = [] }: Beside): { readonly meta?: JsonObject } {
  const warnings = [...hints, ...(fresh ? [] : [stale])];
  if (next === undefined && warnings.length === 0) return {};
  return { meta: { ...(next !== undefined && { page: { after: next } }), ...(warnings.length > 0 && { warnings }) } };
}

const stale: JsonObject = {
  code: 'stale',
  title: 'The read model is still catching up with the log: the newest changes may be missing',
};
