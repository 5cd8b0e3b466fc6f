import { randomUUID } from 'node:crypto';
import type { Socket } from 'node:net';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ApiError, apiErrorOf, errorBody, titleOf } from './errors.ts';

/** A bug or a broken store, with the request it hit: for the log. */
export type OnError = (error: unknown, requestId: string) => void;

export type Answer = (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;

/** Answers with what an error means to the client, and reports what the operator should know. */
export function answering(onError: OnError): Answer {
  const reports = new Reports(onError);
  return (error, request, reply) => {
    const refusal = apiErrorOf(error);
    if (refusal.status >= 500) reports.add(error, request.id);
    if (refusal.code === 'unavailable') reply.header('retry-after', '1');
    if (refusal.code === 'too_large') readOn(request, reply);
    return reply.code(refusal.status).send(errorBody(refusal, request.id));
  };
}

/** Hanging up on a client that is still sending would cost it the answer. The time limit of requests ends this. */
function readOn({ raw }: FastifyRequest, reply: FastifyReply): void {
  if (raw.complete) return;
  reply.removeHeader('connection');
  raw.resume();
}

/** The same failure of many requests is reported once a second: a store that is full needs no flood of lines beside it. */
class Reports {
  readonly #onError: OnError;
  #last = '';
  #lastAt = 0;

  constructor(onError: OnError) {
    this.#onError = onError;
  }

  add(error: unknown, requestId: string): void {
    // A refusal of ours without a cause is no failure: too much is waiting, or the process is stopping.
    const about = error instanceof ApiError ? error.cause : error;
    if (about === undefined) return;
    const told = String(about);
    const now = Date.now();
    if (told === this.#last && now - this.#lastAt < 1_000) return;
    this.#last = told;
    this.#lastAt = now;
    this.#onError(about, requestId);
  }
}

/** Whatever goes wrong in a route, a hook or the framework leaves as the one error family. */
export function answerErrors(app: FastifyInstance, answer: Answer): void {
  app.setErrorHandler(answer);
  app.setNotFoundHandler((request) => {
    const path = request.url.split('?')[0]?.slice(0, 256) ?? '';
    const methods = methodsOf(app, path);
    const instead =
      methods.length > 0 ? `${path} answers to ${methods.join(', ')}.` : 'GET /api/v2 lists what there is.';
    throw new ApiError('unknown_route', `There is no ${request.method} ${path}. ${instead}`);
  });
}

const methodsOf = (app: FastifyInstance, path: string): readonly string[] =>
  (['GET', 'POST', 'PATCH'] as const).filter((method) => app.findRoute({ method, url: path }) !== null);

/** Answers what is no HTTP request that any route could see, and hangs up. */
export function refuseRaw(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = rawRefusal(error.code);
  const body = JSON.stringify(errorBody(refusal, randomUUID()));
  const head = [
    `HTTP/1.1 ${refusal.status} ${titleOf(refusal.status)}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
    'connection: close',
  ];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`, () => socket.destroy());
}

function rawRefusal(code: string | undefined): ApiError {
  if (code === 'HPE_HEADER_OVERFLOW') return new ApiError('headers_too_large', 'The headers are over 16 KiB.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return new ApiError('timeout', 'The request did not arrive in time. Send it again, faster or in smaller requests.');
  return new ApiError('bad_request', 'This is not an HTTP request that can be read.');
}
