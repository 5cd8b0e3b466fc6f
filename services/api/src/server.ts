import { randomUUID } from 'node:crypto';
import type { CommandSigner, Digest, EventLog } from '@tocsin/core';
import Fastify, { type FastifyInstance } from 'fastify';
import { answerErrors, answering, type OnError, refuseRaw } from './answering-errors.ts';
import { type AuditOptions, auditRoutes } from './audit-routes.ts';
import { Connections } from './connections.ts';
import { deadLetterRoutes } from './dead-letter-routes.ts';
import { guard } from './door.ts';
import { EventStream } from './event-stream.ts';
import { IntakeLoad } from './intake-load.ts';
import { type IntakeOptions, intakeRoutes } from './intake-routes.ts';
import { type OperationOptions, operationRoutes } from './operation-routes.ts';
import { Outcomes } from './outcomes.ts';
import type { LazyReadModel } from './read-model/opening.ts';
import { maxBodyBytes, readBodies } from './request-body.ts';
import { signalRoutes } from './signal-routes.ts';
import { type StatusOptions, statusRoutes } from './status-routes.ts';
import { streamRoutes } from './stream-routes.ts';
import { triageRoutes } from './triage-routes.ts';

export interface ApiOptions extends OperationOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  /** Every command that is accepted here bears its signature. */
  readonly signer: CommandSigner;
  readonly readModel: LazyReadModel;
  readonly accepts: (token: string) => boolean;
  readonly onTaken: IntakeOptions['onTaken'];
  readonly onError: OnError;
  readonly status: Omit<StatusOptions, 'log' | 'readModelOpened'>;
  readonly audit: Pick<AuditOptions, 'exportLines' | 'verify' | 'publicKeys'>;
  /** Bytes of bodies that may wait for their answers; 128 MiB unless given. Beyond it the intake answers 503. */
  readonly maxPendingBytes?: number;
}

/** A request must be there within this; 32 MiB take 2.2 Mbit/s. */
const requestWithinMs = 120_000;
const headersWithinMs = 15_000;
const checkTimesEveryMs = 5_000;
/** Requests under way get so long to finish when the server closes. */
const closeWithinMs = 3_000;

/** The HTTP door. Knows ports only; `run` serves its readers of the log until the signal aborts. */
export class ApiServer {
  readonly app: FastifyInstance;
  readonly #outcomes: Outcomes;
  readonly #end = new AbortController();
  readonly #connections: Connections;
  #stopping = false;

  constructor(options: ApiOptions) {
    const { log } = options;
    const answer = answering(options.onError);
    this.#outcomes = new Outcomes({ log, topic: 'triage-events' });
    this.app = Fastify({
      bodyLimit: maxBodyBytes,
      genReqId: () => randomUUID(),
      logger: false,
      routerOptions: { maxParamLength: 256 },
      forceCloseConnections: 'idle',
      return503OnClosing: false,
      requestTimeout: requestWithinMs,
      http: { headersTimeout: headersWithinMs, connectionsCheckingInterval: checkTimesEveryMs },
      frameworkErrors: answer,
      clientErrorHandler: refuseRaw,
    });
    this.#connections = new Connections(this.app.server);
    const load = new IntakeLoad({ maxPendingBytes: options.maxPendingBytes ?? 128 * 1024 * 1024 });
    readBodies(this.app, (request, bytes) => load.grow(request, bytes));
    answerErrors(this.app, answer);
    guard(this.app, { log, accepts: options.accepts, stopping: () => this.#stopping });
    this.#routes(options, load);
  }

  /** Listens and returns the URL. Rejects when the address cannot be had. */
  listen(address: { readonly host: string; readonly port: number }): Promise<string> {
    return this.app.listen(address);
  }

  /** The outcome reader of triage calls. */
  run(): Promise<void> {
    return this.#outcomes.run(this.#end.signal);
  }

  /** Stops listening, ends live streams, lets running requests finish, for a while. */
  async close(): Promise<void> {
    this.#stopping = true;
    this.#end.abort();
    this.#connections.drain(closeWithinMs);
    await this.app.close();
  }

  #routes(options: ApiOptions, load: IntakeLoad): void {
    const { app } = this;
    const { log, digest, readModel, onTaken } = options;
    const stream = new EventStream({ log, signal: this.#end.signal });
    operationRoutes(app, options);
    intakeRoutes(app, { log, digest, onTaken, load });
    signalRoutes(app, readModel);
    triageRoutes(app, { log, outcomes: this.#outcomes, signer: options.signer });
    auditRoutes(app, { ...options.audit, log, digest, readModel, stream });
    deadLetterRoutes(app, log);
    streamRoutes(app, stream);
    statusRoutes(app, { ...options.status, log, readModelOpened: () => readModel.opened });
  }
}
