import { defaultOrg, type JsonObject, type SignalView, signalResource } from '@tocsin/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { countRoutes } from './count-routes.ts';
import { metaOf, pageLimit, pageOf, pageQuery } from './paging.ts';
import { parsed } from './parsing.ts';
import type { LazyReadModel } from './read-model/opening.ts';
import { reading } from './reading.ts';
import { relatedRoutes } from './related-routes.ts';
import { signalNotFound } from './signal-not-found.ts';
import { filterBody, filterOf, readSort } from './signal-query.ts';

const sort = z.string().default('-timestamp');
const listQuery = z.object({
  'filter[query]': z.string().optional(),
  'filter[from]': z.string().optional(),
  'filter[to]': z.string().optional(),
  sort,
  ...pageQuery,
});
const searchBody = z.strictObject({
  filter: filterBody,
  page: z.strictObject({ cursor: z.string().optional(), limit: pageLimit.default(10) }).prefault({}),
  sort,
});

const timelineQuery = z.object(pageQuery);

type Listing = z.output<typeof searchBody>;

/** List, search and get, in the documented shapes; counts and the timeline beside them. */
export function signalRoutes(app: FastifyInstance, readModel: LazyReadModel): void {
  const base = '/api/v2/security_monitoring/signals';

  app.get(base, async (request) => {
    const query = parsed(listQuery, request.query);
    return list({
      filter: { query: query['filter[query]'], from: query['filter[from]'], to: query['filter[to]'] },
      page: { cursor: query['page[cursor]'], limit: query['page[limit]'] },
      sort: query.sort,
    });
  });

  app.post(`${base}/search`, async (request) => list(parsed(searchBody, request.body)));

  countRoutes(app, readModel);
  relatedRoutes(app, readModel);

  app.get<{ Params: { id: string } }>(`${base}/:id`, ({ params }) =>
    reading(readModel, async ({ model, fresh }) => {
      const view = await model.get(defaultOrg, params.id);
      if (!view) throw signalNotFound(params.id);
      return { data: withComments(view), ...metaOf({ fresh }) };
    }),
  );

  app.get<{ Params: { id: string } }>(`${base}/:id/timeline`, ({ params, query }) => {
    const page = pageOf(parsed(timelineQuery, query), 'oldest');
    return reading(readModel, async ({ model, fresh }) => {
      if (!(await model.get(defaultOrg, params.id))) throw signalNotFound(params.id);
      const rows = await model.audit({ org: defaultOrg, subject: params.id }, page);
      return { data: rows.items.map(({ record }) => record), ...metaOf({ next: rows.next, fresh }) };
    });
  });

  function list({ filter: asked, page: { cursor, limit }, sort: by }: Listing): Promise<JsonObject> {
    const { filter, hints } = filterOf(asked);
    const sort = readSort(by);
    return reading(readModel, async ({ model, fresh }) => {
      const page = await model.list(filter, { limit, sort, ...(cursor !== undefined && { cursor }) });
      return {
        data: page.items.map((view) => signalResource(view) as unknown as JsonObject),
        ...metaOf({ next: page.next, fresh, hints }),
      };
    });
  }
}

const withComments = (view: SignalView): JsonObject => {
  const resource = signalResource(view);
  const comments = view.comments.map(({ id, text, at, by }) => ({
    id,
    text,
    created_at: at,
    user: { uuid: by.id, name: by.name },
  }));
  return { ...resource, attributes: { ...resource.attributes, comments } } as unknown as JsonObject;
};
