import type { FastifyInstance } from 'fastify';

export interface OperationOptions {
  readonly health: {
    /** Undefined, or why not. */
    live(): string | undefined;
    /** Empty when ready, else the reason by name. */
    ready(): Promise<Readonly<Record<string, string>>>;
  };
  readonly metrics: () => Promise<string>;
}

/** What supervisors and scrapers ask, and the list of everything there is. */
export function operationRoutes(app: FastifyInstance, { health, metrics }: OperationOptions): void {
  const routes: { readonly method: string; readonly path: string }[] = [];
  app.addHook('onRoute', ({ method, url }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') routes.push({ method: one, path: url });
  });
  app.get('/api/v2', async () => ({ data: routes.map((route) => ({ type: 'route', attributes: route })) }));
  app.get('/livez', async (_, reply) => {
    const reason = health.live();
    return reply
      .code(reason === undefined ? 200 : 503)
      .send({ live: reason === undefined, ...(reason !== undefined && { reason }) });
  });
  app.get('/readyz', async (_, reply) => {
    const reasons = await health.ready();
    const ready = Object.keys(reasons).length === 0;
    return reply.code(ready ? 200 : 503).send({ ready, ...(!ready && { reasons }) });
  });
  app.get('/metrics', async (_, reply) => reply.type('text/plain; version=0.0.4; charset=utf-8').send(await metrics()));
}
