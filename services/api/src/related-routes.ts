import { defaultOrg, type JsonObject, signalResource, type SignalView } from '@tocsin/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { metaOf, pageQuery } from './paging.ts';
import { parsed } from './parsing.ts';
import type { LazyReadModel } from './read-model/opening.ts';
import { reading } from './reading.ts';
import { relatedQuery, relatedWithin, relationsOf } from './related-signals.ts';
import { filterOf } from './signal-query.ts';
import { signalNotFound } from './signal-not-found.ts';

const query = z.object({
  'filter[from]': z.string().optional(),
  'filter[to]': z.string().optional(),
  ...pageQuery,
});

/** Signals that have to do with one, newest first, each with the reasons in its `meta`. */
export function relatedRoutes(app: FastifyInstance, readModel: LazyReadModel): void {
  app.get<{ Params: { id: string } }>('/api/v2/security_monitoring/signals/:id/related', ({ params, query: asked }) => {
    const {
      'filter[from]': from,
      'filter[to]': to,
      'page[limit]': limit,
      'page[cursor]': cursor,
    } = parsed(query, asked);
    const { filter } = filterOf({ from, to });
    return reading(readModel, async ({ model, fresh }) => {
      const view = await model.get(defaultOrg, params.id);
      if (!view) throw signalNotFound(params.id);
      const page = await model.list(
        {
          from: view.createdAt - relatedWithin,
          to: view.createdAt + relatedWithin + 1,
          ...filter,
          query: relatedQuery(view),
        },
        { limit, sort: { field: 'timestamp', descending: true }, ...(cursor !== undefined && { cursor }) },
      );
      return { data: page.items.map((other) => shown(view, other)), ...metaOf({ next: page.next, fresh }) };
    });
  });
}

const shown = (view: SignalView, other: SignalView): JsonObject =>
  ({ ...signalResource(other), meta: { relations: relationsOf(view, other) } }) as unknown as JsonObject;
