import { type DetectionRejected, type EventLog, isoOf, type JsonObject, positionKey } from '@tocsin/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { parsed } from './parsing.ts';

const query = z.object({ 'page[limit]': z.coerce.number().int().min(1).max(1000).default(50) });

/** What could not be read, newest first, with its bytes. */
export function deadLetterRoutes(app: FastifyInstance, log: EventLog): void {
  app.get('/api/v2/deadletters', async (request) => {
    const limit = parsed(query, request.query)['page[limit]'];
    const ends = await log.ends(['intake.dead']);
    const from = Object.fromEntries(
      Array.from({ length: log.partitions }, (_, partition) => positionKey('intake.dead', partition)).map((place) => [
        place,
        Math.max(0, (ends[place] ?? 0) - limit),
      ]),
    );
    const found: JsonObject[] = [];
    const { signal } = new AbortController();
    for await (const records of log.read({ topics: ['intake.dead'], from, follow: false, signal }))
      for (const { value, partition, offset } of records)
        found.push(shown(value as DetectionRejected, { partition, offset }));
    return { data: found.reverse().slice(0, limit) };
  });
}

const shown = ({ id, at, data }: DetectionRejected, place: JsonObject): JsonObject => ({
  id,
  type: 'dead_letter',
  attributes: { ...(data as unknown as JsonObject), timestamp: isoOf(at), ...place },
});
