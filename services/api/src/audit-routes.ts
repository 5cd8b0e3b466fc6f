import { Readable } from 'node:stream';
import {
  auditRead,
  defaultOrg,
  type Digest,
  type EventLog,
  type Json,
  type JsonObject,
  type Origin,
} from '@tocsin/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { originOf } from './caller.ts';
import { EventStream } from './event-stream.ts';
import { parsed } from './parsing.ts';
import type { LazyReadModel } from './read-model/opening.ts';

export interface AuditOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  readonly readModel: LazyReadModel;
  readonly signal: AbortSignal;
  /** The lines of an export, as `tocsin audit verify` reads them. */
  readonly exportLines: () => AsyncIterable<string>;
  /** Checks the whole chain where it is. */
  readonly verify: () => Promise<JsonObject>;
}

const listQuery = z.object({
  'page[cursor]': z.string().optional(),
  'page[limit]': z.coerce.number().int().min(1).max(1000).default(10),
  sort: z.enum(['timestamp', '-timestamp']).default('-timestamp'),
});

/** The audit trail: newest rows, live tail, export and verification. Reading it is itself on record. */
export function auditRoutes(app: FastifyInstance, options: AuditOptions): void {
  const { log, digest, readModel, signal } = options;
  const stream = new EventStream({ log, topics: ['audit'] });

  app.get('/api/v2/audit/events', async (request) => {
    const page = parsed(listQuery, request.query);
    await recordReading(request, 'list');
    const { model } = await readModel.use();
    const cursor = page['page[cursor]'];
    const order = page.sort === 'timestamp' ? 'oldest' : 'newest';
    const rows = await model.audit(
      { org: defaultOrg },
      { limit: page['page[limit]'], order, ...(cursor !== undefined && { cursor }) },
    );
    return {
      data: rows.items.map(({ record, hash }) => ({ ...(record as JsonObject), hash })),
      ...(rows.next !== undefined && { meta: { page: { after: rows.next } } }),
    };
  });

  app.get('/api/v2/audit/stream', async (request, reply) => {
    await recordReading(request, 'tail');
    await stream.send(request, reply, {
      signal,
      show: ({ value }) => ({ ...(JSON.parse(String(value)) as JsonObject), hash: digest.sha256(String(value)) }),
    });
  });

  app.get('/api/v2/audit/export', async (request, reply) => {
    await recordReading(request, 'export');
    reply.header('content-type', 'application/x-ndjson');
    return reply.send(Readable.from(linesOf(options.exportLines())));
  });

  app.get('/api/v2/audit/verify', async () => ({
    data: { type: 'audit_verification', attributes: await options.verify() },
  }));

  async function recordReading(request: FastifyRequest, what: 'list' | 'tail' | 'export'): Promise<void> {
    const by: Origin = originOf(request, 'audit_logs_read');
    const data = { what, query: new URL(request.url, 'http://tocsin').search.slice(0, 2048) };
    const event = auditRead.make({
      id: `read-${by.commandId}`,
      org: defaultOrg,
      subject: by.actor.id,
      at: by.acceptedAt,
      data,
      by,
    });
    await log.append([{ topic: 'activity', key: by.actor.id, shard: 0, value: event as unknown as Json }]);
  }
}

async function* linesOf(lines: AsyncIterable<string>): AsyncIterable<string> {
  for await (const line of lines) yield `${line}\n`;
}
