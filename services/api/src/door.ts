import { randomUUID } from 'node:crypto';
import { accessRefused, defaultOrg, type EventLog } from '@tocsin/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

const open = new Set(['/livez', '/readyz']);
const perMinute = 60_000;

export interface DoorOptions {
  readonly log: EventLog;
  /** Constant-time comparison with the token of the first admin. */
  readonly accepts: (token: string) => boolean;
}

interface Repeats {
  readonly since: number;
  count: number;
}

/**
 * Nobody passes without a token, but for health. Accepted as `Authorization: Bearer` and as `DD-APPLICATION-KEY`. Refusals go on
 * record; repeats from one address within a minute are counted into the next one, so that a flood cannot fill the log.
 */
export function guard(app: FastifyInstance, { log, accepts }: DoorOptions): void {
  const repeats = new Map<string, Repeats>();

  app.addHook('onRequest', async (request) => {
    if (open.has(request.routeOptions.url ?? '')) return;
    const token = tokenOf(request);
    if (token !== undefined && accepts(token)) return;
    await record(request, token === undefined ? 'no token' : 'unknown token');
    throw new ApiError(
      'unauthorized',
      'A token is required: send it as "Authorization: Bearer TOKEN". The first one is in the file admin.token of the data directory.',
    );
  });

  async function record(request: FastifyRequest, reason: string): Promise<void> {
    const now = Date.now();
    const before = repeats.get(request.ip);
    if (before && now - before.since < perMinute) {
      before.count += 1;
      return;
    }
    if (repeats.size > 10_000) repeats.clear();
    repeats.set(request.ip, { since: now, count: 0 });
    const data = {
      method: request.method.slice(0, 16),
      path: request.url.split('?')[0]?.slice(0, 512) ?? '',
      reason,
      ip: request.ip,
      userAgent: (request.headers['user-agent'] ?? '').slice(0, 512),
      requestId: request.id,
      count: 1 + (before?.count ?? 0),
    };
    const event = accessRefused.make({
      id: `refused-${randomUUID()}`,
      org: defaultOrg,
      subject: request.ip,
      at: now,
      data,
    });
    await log.append([{ topic: 'activity', key: request.ip, shard: 0, value: event }]);
  }
}

function tokenOf({ headers }: FastifyRequest): string | undefined {
  const bearer = /^Bearer (\S+)$/i.exec(headers.authorization ?? '')?.[1];
  const key = headers['dd-application-key'];
  return bearer ?? (typeof key === 'string' ? key : undefined);
}
