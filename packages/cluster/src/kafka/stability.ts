import { type AnyProcessor, partitionCount } from '@tocsin/core';
import type { Kafka } from 'kafkajs';
import { clusterOf } from './kafka-client.ts';
import { Offsets } from './offsets.ts';
import type { TopicNames } from './topic-names.ts';

interface Parts {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly partitions: number;
  readonly offsets: Offsets;
}

/** Tells whether all that was written is decided: a commit is answered before its markers are there, and only then it is read. */
export class Stability {
  readonly #parts: Parts;
  readonly #written: Offsets;

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#written = new Offsets(clusterOf(parts.kafka, { readUncommitted: true }));
  }

  /** Of everything that these processors write. */
  async stable(processors: readonly AnyProcessor[]): Promise<boolean> {
    const { names, partitions, offsets } = this.#parts;
    const topics = processors.flatMap(({ id, outputs }) => [...outputs, `${id}.dead` as const]);
    const places = topics.flatMap((topic) =>
      Array.from({ length: partitionCount(topic, partitions) }, (_, partition) => ({
        topic: names.of(topic),
        partition,
      })),
    );
    const [seen, written] = await Promise.all([offsets.ends(places), this.#written.ends(places)]);
    return [...written].every(([place, end]) => seen.get(place) === end);
  }

  close(): Promise<void> {
    return this.#written.close();
  }
}
