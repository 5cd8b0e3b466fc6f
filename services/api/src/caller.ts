import { randomUUID } from 'node:crypto';
import type { Actor, Origin } from '@tocsin/core';
import type { FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

/** Whom the admin token acts as. The uuid never changes, so that assignments outlive restarts. */
const actor: Actor = { type: 'USER', id: '00000000-0000-4000-8000-000000000001', name: 'Administrator' };
const idempotencyKey = /^[A-Za-z0-9._~-]{1,100}$/;

/** Where a command comes from. The client may bring its own command id as `Idempotency-Key`; a repeat gets the first answer. */
export function originOf(request: FastifyRequest, permission: string): Origin {
  const agent = request.headers['user-agent'];
  return {
    commandId: givenId(request) ?? randomUUID(),
    actor,
    authMethod: 'TOKEN',
    ip: request.ip,
    ...(agent && { userAgent: agent.slice(0, 512) }),
    requestId: request.id,
    acceptedAt: Date.now(),
    permission,
  };
}

function givenId({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && idempotencyKey.test(key)) return key;
  throw new ApiError('bad_request', 'Idempotency-Key: use 1 to 100 letters, digits and the characters . _ ~ -');
}
