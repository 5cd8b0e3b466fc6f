import { type Append, type Instant, LogError, partitionOf, type Position, sizes, topicShape } from '@tocsin/core';
import type { Kafka, Producer } from 'kafkajs';
import { type Addressed, byteChunks, sendsOf } from './byte-chunks.ts';
import { plainProducer } from './kafka-client.ts';
import type { Offsets } from './offsets.ts';
import type { RecordCodec } from './record-codec.ts';
import type { TopicNames } from './topic-names.ts';

interface Parts {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly codec: RecordCodec;
  readonly partitions: number;
  readonly clock: () => Instant;
  readonly offsets: Offsets;
}

/** Writes to topics with many writers, each append partition by partition. After an error its producer is never used again. */
export class LogAppender {
  readonly #parts: Parts;
  #producer: Promise<Producer> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async append(records: readonly Append[]): Promise<readonly Position[]> {
    if (records.length === 0) return [];
    const addressed = records.map((record) => this.#addressed(record));
    const mine = this.#last.then(() => this.#send(records, addressed));
    this.#last = mine.catch(() => {});
    return mine;
  }

  /** A record of Kafka's that is no event: a saved position. */
  async put(messages: readonly Addressed[]): Promise<void> {
    const mine = this.#last.then(() => this.#sendChunks(messages));
    this.#last = mine.catch(() => {});
    await mine;
  }

  /** Resolves when nothing is under way that was asked for before. */
  async rest(): Promise<void> {
    await this.#last;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#drop();
  }

  #addressed(record: Append): Addressed {
    const { topic, key, value, occurredAt, shard } = record;
    const shape = topicShape(topic);
    if (shape.writers === 'one') throw new LogError('single_writer', `${topic} is written by its processor only`);
    const { partitions, names, codec, clock } = this.#parts;
    const partition = partitionOf(topic, shard, partitions);
    const at = occurredAt === undefined ? {} : { occurredAt };
    const message = codec.encode({ topic, partition, key, value, recordedAt: clock(), ...at });
    const limit = shape.maxBytes ?? sizes.record;
    if (Buffer.byteLength(message.value ?? '') > limit)
      throw new LogError('too_large', `a record for ${topic} is longer than ${limit} bytes`);
    return { topic: names.of(topic), message };
  }

  async #send(records: readonly Append[], addressed: readonly Addressed[]): Promise<readonly Position[]> {
    const offsets = await this.#sendChunks(addressed);
    return records.map(({ topic }, i) => ({
      topic,
      partition: addressed[i]?.message.partition ?? 0,
      offset: offsets[i] ?? -1,
    }));
  }

  /** Offsets in the order of the messages. */
  async #sendChunks(messages: readonly Addressed[]): Promise<readonly number[]> {
    if (this.#closed) throw new LogError('closed', 'the log is closed');
    try {
      const producer = await this.#connected();
      const offsets: number[] = [];
      for (const chunk of byteChunks(messages)) {
        const sends = sendsOf(chunk, this.#parts.offsets.brokers);
        const answers = await Promise.all(
          sends.map((topicMessages) => producer.sendBatch({ topicMessages, acks: -1 })),
        );
        const places = answers.flat();
        const next = new Map(
          places.map((place) => [`${place.topicName}/${place.partition}`, Number(place.baseOffset)]),
        );
        for (const { topic, message } of chunk) {
          const name = `${topic}/${message.partition}`;
          const offset = next.get(name) ?? -1;
          next.set(name, offset + 1);
          offsets.push(offset);
        }
      }
      return offsets;
    } catch (cause) {
      await this.#drop();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new LogError('unavailable', `the log could not be written: ${reason}`, { cause });
    }
  }

  #connected(): Promise<Producer> {
    this.#producer ??= (async () => {
      const producer = plainProducer(this.#parts.kafka);
      await producer.connect();
      return producer;
    })();
    return this.#producer;
  }

  async #drop(): Promise<void> {
    const former = this.#producer;
    this.#producer = undefined;
    await former?.then((producer) => producer.disconnect()).catch(() => {});
  }
}
