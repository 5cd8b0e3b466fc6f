import { Readable } from 'node:stream';
import { auditRead, type Digest, defaultOrg, type EventLog, type Json, type JsonObject } from '@tocsin/core';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { originOf } from './caller.ts';
import type { EventStream } from './event-stream.ts';
import { metaOf, pageOf, pageQuery } from './paging.ts';
import { parsed } from './parsing.ts';
import type { LazyReadModel } from './read-model/opening.ts';
import { reading } from './reading.ts';

export interface AuditOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  readonly readModel: LazyReadModel;
  readonly stream: EventStream;
  /** The lines of an export, as `tocsin audit verify` reads them. */
  readonly exportLines: () => AsyncIterable<string>;
  /** Checks the whole chain where it is. */
  readonly verify: () => Promise<JsonObject>;
  /** PEM of the keys that checkpoints are signed with, the former ones included. */
  readonly publicKeys: () => Promise<string>;
}

const listQuery = z.object({ ...pageQuery, sort: z.enum(['timestamp', '-timestamp']).default('-timestamp') });

/** The audit trail: newest rows, live tail, export and verification. Reading it is itself on record. */
export function auditRoutes(app: FastifyInstance, options: AuditOptions): void {
  const { log, digest, readModel, stream } = options;

  app.get('/api/v2/audit/events', async (request) => {
    const page = parsed(listQuery, request.query);
    const order = page.sort === 'timestamp' ? 'oldest' : 'newest';
    await recordReading(request, 'list');
    return reading(readModel, async ({ model, fresh }) => {
      const rows = await model.audit({ org: defaultOrg }, pageOf(page, order));
      return {
        data: rows.items.map(({ record, hash }) => ({ ...(record as JsonObject), hash })),
        ...metaOf({ next: rows.next, fresh }),
      };
    });
  });

  app.get('/api/v2/audit/stream', { exposeHeadRoute: false }, async (request, reply) => {
    await recordReading(request, 'tail');
    await stream.send(request, reply, {
      topics: ['audit'],
      show: ({ value }) => ({ ...(JSON.parse(String(value)) as JsonObject), hash: digest.sha256(String(value)) }),
    });
  });

  app.get('/api/v2/audit/export', { exposeHeadRoute: false }, async (request, reply) => {
    await recordReading(request, 'export');
    reply.header('content-type', 'application/x-ndjson');
    return reply.send(Readable.from(linesOf(options.exportLines())));
  });

  /** It reads the whole log, so callers at the same time share one run. */
  let verifying: Promise<JsonObject> | undefined;
  const verifyOnce = (): Promise<JsonObject> => {
    verifying ??= options.verify().finally(() => {
      verifying = undefined;
    });
    return verifying;
  };
  app.get('/api/v2/audit/verify', async () => ({
    data: { type: 'audit_verification', attributes: await verifyOnce() },
  }));

  app.get('/api/v2/audit/key', async (_, reply) =>
    reply.type('application/x-pem-file').send(await options.publicKeys()),
  );

  async function recordReading(request: FastifyRequest, what: 'list' | 'tail' | 'export'): Promise<void> {
    const by = originOf(request, 'audit_logs_read');
    const data = { what, query: new URL(request.url, 'http://tocsin').search.slice(0, 2048) };
    const about = { id: `read-${request.id}`, org: defaultOrg, subject: by.actor.id, at: by.acceptedAt };
    const event = auditRead.make({ ...about, data, by });
    await log.append([{ topic: 'activity', key: by.actor.id, shard: 0, value: event as unknown as Json }]);
  }
}

/** Several lines a chunk: writing each by itself costs more than making it. */
async function* linesOf(lines: AsyncIterable<string>): AsyncIterable<string> {
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < chunkLength) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}
const chunkLength = 64 * 1024;
