import { Buffer } from 'node:buffer';
import type { EventLog } from '@tocsin/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';
import { Refusals } from './refusals.ts';

/** Probes of supervisors come without a token. */
const open = /^\/(livez|readyz)(\?|$)/;

export interface DoorOptions {
  readonly log: EventLog;
  /** Constant-time comparison with the token of the first admin. */
  readonly accepts: (token: string) => boolean;
  /** True once the server is on its way out. */
  readonly stopping: () => boolean;
}

/**
 * What every request meets first. Nobody passes without a token, but for health; accepted as `Authorization: Bearer`, as the
 * password of `Authorization: Basic`, and as `DD-APPLICATION-KEY`. Refusals go on record.
 */
export function guard(app: FastifyInstance, { log, accepts, stopping }: DoorOptions): void {
  const refusals = new Refusals(log);
  app.addHook('onClose', () => refusals.close());

  app.addHook('onRequest', (request, reply, done) => {
    reply.header('x-request-id', request.id).header('x-content-type-options', 'nosniff');
    // Each route knows what it reads, so nobody need look; one that nobody can parse is no reason to refuse.
    request.headers['content-type'] = undefined;
    if (stopping()) {
      reply.header('connection', 'close');
      done(new ApiError('unavailable', 'Tocsin is stopping. Send it again in a moment.'));
      return;
    }
    const token = tokenOf(request);
    if ((token !== undefined && accepts(token)) || open.test(request.url)) done();
    else refusals.record(request, token === undefined ? 'no token' : 'unknown token').then(() => done(refused()), done);
  });
}

const refused = (): ApiError =>
  new ApiError(
    'unauthorized',
    'A token is required: send it as "Authorization: Bearer TOKEN". The first one is in the file admin.token of the data directory.',
  );

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const [, scheme = '', credentials = ''] = /^(Bearer|Basic) +(\S+) *$/i.exec(headers.authorization ?? '') ?? [];
  if (scheme.toLowerCase() === 'bearer') return credentials;
  if (scheme !== '') return passwordIn(credentials);
  const key = headers['dd-application-key'];
  return typeof key === 'string' ? key : undefined;
}

/** The token as the password of any user: all that senders can say who know only a URL, such as Falco. */
const passwordIn = (credentials: string): string | undefined =>
  /:(.*)$/s.exec(Buffer.from(credentials, 'base64').toString('utf8'))?.[1];
