import { randomUUID } from 'node:crypto';
import type { Digest, EventLog } from '@tocsin/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { type AuditOptions, auditRoutes } from './audit-routes.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { guard } from './door.ts';
import { ApiError, apiErrorOf, errorBody } from './errors.ts';
import { type IntakeOptions, intakeRoutes, maxBodyBytes } from './intake-routes.ts';
import { Outcomes } from './outcomes.ts';
import type { LazyReadModel } from './read-model/opening.ts';
import { signalRoutes } from './signal-routes.ts';
import { type StatusOptions, statusRoutes } from './status-routes.ts';
import { streamRoutes } from './stream-routes.ts';
import { triageRoutes } from './triage-routes.ts';

export interface ApiOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  readonly readModel: LazyReadModel;
  readonly accepts: (token: string) => boolean;
  readonly health: {
    /** Undefined, or why not. */
    live(): string | undefined;
    ready(): Promise<Readonly<Record<string, string>>>;
  };
  readonly metrics: () => Promise<string>;
  readonly onTaken: IntakeOptions['onTaken'];
  /** A bug or a broken store, with the request it hit: for the log. */
  readonly onError: (error: unknown, requestId: string) => void;
  readonly status: Omit<StatusOptions, 'log' | 'readModelOpened'>;
  readonly audit: Pick<AuditOptions, 'exportLines' | 'verify'>;
}

/** The HTTP door. Knows ports only; `run` serves its readers of the log until the signal aborts. */
export class ApiServer {
  readonly app: FastifyInstance;
  readonly #outcomes: Outcomes;
  readonly #end = new AbortController();

  constructor(options: ApiOptions) {
    const { log, readModel } = options;
    this.#outcomes = new Outcomes({ log, topic: 'triage-events' });
    this.app = Fastify({
      bodyLimit: maxBodyBytes,
      genReqId: () => randomUUID(),
      logger: false,
      routerOptions: { maxParamLength: 256 },
      forceCloseConnections: true,
    });
    this.#reading();
    this.#failing(options);
    guard(this.app, { log, accepts: options.accepts });
    operationRoutes(this.app, options);
    intakeRoutes(this.app, options);
    signalRoutes(this.app, readModel);
    triageRoutes(this.app, { log, outcomes: this.#outcomes });
    auditRoutes(this.app, { ...options.audit, log, digest: options.digest, readModel, signal: this.#end.signal });
    deadLetterRoutes(this.app, log);
    streamRoutes(this.app, { log, signal: this.#end.signal });
    statusRoutes(this.app, { ...options.status, log, readModelOpened: () => readModel.opened });
  }

  /** Listens and returns the URL. Rejects when the address cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string> {
    return this.app.listen(address);
  }

  /** The outcome reader of triage calls. */
  run(): Promise<void> {
    return this.#outcomes.run(this.#end.signal);
  }

  /** Ends live streams, lets running requests finish, and stops listening. */
  async close(): Promise<void> {
    this.#end.abort();
    await this.app.close();
  }

  /** Bodies arrive as bytes: each route reads them with its own guarded parser. */
  #reading(): void {
    this.app.removeAllContentTypeParsers();
    this.app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => done(null, body));
  }

  #failing({ onError }: ApiOptions): void {
    this.app.setErrorHandler((error, request, reply) => {
      const answer = apiErrorOf(error);
      if (answer.status >= 500) onError(error, request.id);
      if (answer.code === 'unavailable') reply.header('retry-after', '1');
      return reply.code(answer.status).send(errorBody(answer, request.id));
    });
    this.app.setNotFoundHandler((request, reply) => {
      const answer = new ApiError('unknown_route', `There is no ${request.method} ${request.url.split('?')[0]}.`);
      return reply.code(answer.status).send(errorBody(answer, request.id));
    });
    this.app.addHook('onRequest', async (request, reply) => {
      reply.header('x-request-id', request.id);
    });
  }
}

function operationRoutes(app: FastifyInstance, { health, metrics }: ApiOptions): void {
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
