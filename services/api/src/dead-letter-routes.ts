import {
  type DetectionRejected,
  type EventLog,
  isoOf,
  type JsonObject,
  positionKey,
  type Recorded,
} from '@tocsin/core';
import type { FastifyInstance } from 'fastify';
import { z } from 'zod';
import { pageLimit } from './paging.ts';
import { parsed } from './parsing.ts';
import { cursorOf, readCursor } from './read-model/cursor.ts';

const query = z.object({ 'page[cursor]': z.string().optional(), 'page[limit]': pageLimit.default(50) });
const topic = 'intake.dead';
/** A page ends early when its inputs are together longer than this; one alone may be. */
const maxPageLength = 8 * 1024 * 1024;

/** What could not be read, newest first, with its bytes. */
export function deadLetterRoutes(app: FastifyInstance, log: EventLog): void {
  app.get('/api/v2/deadletters', async (request) => {
    const page = parsed(query, request.query);
    const data: JsonObject[] = [];
    let length = 0;
    for await (const record of newestFirst(log, readCursor(page['page[cursor]']))) {
      const { data: dead } = record.value as DetectionRejected;
      length += dead.bytes.length;
      if (data.length === page['page[limit]'] || (data.length > 0 && length > maxPageLength))
        return { data, meta: { page: { after: cursorOf([String(record.offset + 1), String(record.partition)]) } } };
      data.push(shown(record));
    }
    return { data };
  });
}

/** Partition by partition, each from its end, a few records at a time: dead letters can be large. */
async function* newestFirst(log: EventLog, from: readonly [string, string] | undefined): AsyncIterable<Recorded> {
  const ends = await log.ends([topic]);
  for (let partition = Number(from?.[1] ?? log.partitions - 1); partition >= 0; partition -= 1) {
    const place = positionKey(topic, partition);
    const resumes = from !== undefined && partition === Number(from[1]);
    let end = Math.min(ends[place] ?? 0, resumes ? Number(from[0]) : Number.POSITIVE_INFINITY);
    while (end > 0) {
      const begin = Math.max(0, end - readAtOnce);
      yield* (await recordsBetween(log, { ...ends, [place]: begin }, { partition, end })).reverse();
      end = begin;
    }
  }
}
const readAtOnce = 16;

/** From positions where only this partition has anything left to read. */
async function recordsBetween(
  log: EventLog,
  from: Readonly<Record<string, number>>,
  until: { readonly partition: number; readonly end: number },
): Promise<Recorded[]> {
  const found: Recorded[] = [];
  const stop = new AbortController();
  for await (const records of log.read({ topics: [topic], from, follow: false, signal: stop.signal })) {
    for (const record of records)
      if (record.partition === until.partition && record.offset < until.end) found.push(record);
      else if (record.partition === until.partition) return found;
  }
  return found;
}

const shown = ({ value, partition, offset }: Recorded): JsonObject => {
  const { id, at, data } = value as DetectionRejected;
  return {
    id,
    type: 'dead_letter',
    attributes: { ...(data as unknown as JsonObject), timestamp: isoOf(at), partition, offset },
  };
};
