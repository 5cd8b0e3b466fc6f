import type { StateKey } from '@tocsin/core';
import type { Kafka } from 'kafkajs';
import { FetchSession } from '../kafka/fetch-session.ts';
import { clusterOf, type KafkaSettings, kafkaClient } from '../kafka/kafka-client.ts';
import { Offsets, placeName, type TopicPartition } from '../kafka/offsets.ts';
import { changelogEntry } from '../kafka/progress.ts';
import { TopicNames } from '../kafka/topic-names.ts';

export interface LatestStatesParts {
  readonly kafka: KafkaSettings;
  readonly partitions: number;
  readonly prefix: string;
}

export interface EntryAbout<S> {
  /** Id of the processor. */
  readonly processor: string;
  readonly key: StateKey;
  readonly decode: (text: string, version: number) => S;
}

interface Window {
  readonly place: TopicPartition;
  readonly from: number;
  readonly end: number;
}

/** An entry that is written often stands near the end; each further look goes eight times as far back. */
const firstLook = 1_000;

/** Reads single entries of another process's state from the changelog, as of the call. */
export class LatestStates {
  readonly #kafka: Kafka;
  readonly #names: TopicNames;
  readonly #partitions: number;

  constructor({ kafka, partitions, prefix }: LatestStatesParts) {
    this.#kafka = kafkaClient(kafka);
    this.#names = new TopicNames(prefix);
    this.#partitions = partitions;
  }

  /** The entry of each partition that has one, decoded. */
  async of<S>({ processor, key, decode }: EntryAbout<S>): Promise<readonly S[]> {
    const topic = this.#names.changelog(processor);
    const places = Array.from({ length: this.#partitions }, (_, partition) => ({ topic, partition }));
    const offsets = new Offsets(clusterOf(this.#kafka));
    const session = new FetchSession(clusterOf(this.#kafka), { maxWaitMs: 50, bytesPerPartition: 1024 * 1024 });
    try {
      const [starts, ends] = await Promise.all([offsets.starts(places), offsets.ends(places)]);
      const found = await Promise.all(
        places.map((place) => {
          const bounds = { start: starts.get(placeName(place)) ?? 0, end: ends.get(placeName(place)) ?? 0 };
          return this.#entry(session, place, { ...bounds, key });
        }),
      );
      return found.flatMap((entry) => (entry ? [decode(entry.text, entry.version)] : []));
    } finally {
      await Promise.all([session.close(), offsets.close()]);
    }
  }

  async #entry(
    session: FetchSession,
    place: TopicPartition,
    { start, end, key }: { readonly start: number; readonly end: number; readonly key: StateKey },
  ): Promise<{ readonly text: string; readonly version: number } | undefined> {
    for (let back = firstLook, until = end; until > start; back *= 8) {
      const from = Math.max(start, end - back);
      const found = await lastIn(session, { place, from, end: until }, key);
      if (found) return found.text === undefined ? undefined : { text: found.text, version: found.version };
      until = from;
    }
    return undefined;
  }
}

/** The last entry of this key in a stretch of a changelog. */
function lastIn(
  session: FetchSession,
  { place, from, end }: Window,
  key: StateKey,
): Promise<{ readonly text: string | undefined; readonly version: number } | undefined> {
  let last: { readonly text: string | undefined; readonly version: number } | undefined;
  return new Promise((resolve, reject) => {
    session.want({
      ...place,
      next: from,
      take: ({ records, next }) => {
        for (const record of records) {
          if (Number(record.offset) >= end) continue;
          const entry = changelogEntry(record);
          if (entry.kind === 'state' && entry.key === key) last = { text: entry.text, version: entry.version };
        }
        if (next < end) return;
        session.drop(place.topic, place.partition);
        resolve(last);
      },
      fail: reject,
    });
  });
}
