import type { Positions } from '@tocsin/core';
import type { Kafka } from 'kafkajs';
import type { RawRecord } from './committed-records.ts';
import { FetchSession } from './fetch-session.ts';
import { clusterOf } from './kafka-client.ts';
import type { LogAppender } from './log-appender.ts';
import { type Offsets, placeName } from './offsets.ts';
import { readRange } from './read-range.ts';
import type { TopicNames } from './topic-names.ts';

interface Parts {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly offsets: Offsets;
  readonly appender: LogAppender;
}

/** Positions of named readers in a compacted topic: one record a reader and partition, the last one counts. */
export class SavedPositions {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async save(reader: string, positions: Positions): Promise<void> {
    const timestamp = String(Date.now());
    const messages = Object.entries(positions).map(([place, offset]) => ({
      topic: this.#parts.names.readers,
      message: { key: keyOf(reader, place), value: String(offset), partition: 0, timestamp },
    }));
    await this.#parts.appender.put(messages);
  }

  async positions(reader: string): Promise<Positions> {
    const { kafka, names, offsets } = this.#parts;
    const place = { topic: names.readers, partition: 0 };
    const [start = 0] = (await offsets.starts([place])).values();
    const end = (await offsets.ends([place])).get(placeName(place)) ?? 0;
    const found: Record<string, number> = {};
    if (start >= end) return found;
    const session = new FetchSession(clusterOf(kafka), { maxWaitMs: 100, bytesPerPartition: 4 * 1024 * 1024 });
    const take = (records: readonly RawRecord[]): void => {
      for (const { key, value } of records) {
        const [name, at] = (key?.toString('utf8') ?? '').split(separator);
        if (name === reader && at !== undefined) found[at] = Number(value?.toString('utf8'));
      }
    };
    await readRange(session, { ...place, from: start, end }, take).finally(() => session.close());
    return found;
  }
}

const separator = '\n';
const keyOf = (reader: string, place: string): string => reader + separator + place;
