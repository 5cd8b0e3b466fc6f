import { type Recorded, type TopicName, topicShape } from '@tocsin/core';
import type { RawRecord } from './committed-records.ts';

/** How values become bytes. The rest of a record (key, times, `seq`) has its place in Kafka's own record. */
export interface ValueCodec {
  encode(topic: TopicName, value: unknown): string | Buffer;
  /** Throws when the bytes are not a value of this topic, with a message for people. */
  decode(topic: TopicName, bytes: Buffer): unknown;
  /**
   * Is awaited before these values are decoded, where it is not undefined: a codec may have to fetch what they were written
   * with. Waits as long as it must; rejects only when the signal has aborted.
   */
  prepare?(topic: TopicName, values: Iterable<Buffer | null>, signal: AbortSignal): Promise<void> | undefined;
}

/** JSON, but for topics whose value is a text that is stored to the letter. */
export const jsonValues: ValueCodec = {
  encode: (topic, value) =>
    topicShape(topic).text && typeof value === 'string' ? value : (JSON.stringify(value ?? null) ?? 'null'),
  decode: (topic, bytes) => (topicShape(topic).text ? bytes.toString('utf8') : JSON.parse(bytes.toString('utf8'))),
};

/** The value of a record that nobody can decode: what there was, and why not. */
export class Unreadable {
  readonly reason: string;
  readonly bytes: Buffer;

  constructor(reason: string, bytes: Buffer) {
    this.reason = reason;
    this.bytes = bytes;
  }
}

/** A record as a producer of kafkajs takes it. */
export interface OutgoingMessage {
  readonly key: string | Buffer;
  readonly value: string | Buffer | null;
  readonly partition: number;
  readonly timestamp: string;
  readonly headers?: Record<string, string>;
}

const occurredHeader = 'occurred-at';
const seqHeader = 'seq';

/** Records to Kafka's and back. `recordedAt` is the record's own timestamp; `occurredAt` and `seq` are headers. */
export class RecordCodec {
  readonly #values: ValueCodec;

  constructor(values: ValueCodec) {
    this.#values = values;
  }

  encode(record: Omit<Recorded, 'offset'>): OutgoingMessage {
    const { topic, partition, key, value, recordedAt, occurredAt, seq } = record;
    const headers = {
      ...(occurredAt !== undefined && { [occurredHeader]: String(occurredAt) }),
      ...(seq !== undefined && { [seqHeader]: String(seq) }),
    };
    return { key, value: this.#values.encode(topic, value), partition, timestamp: String(recordedAt), headers };
  }

  /** To be awaited before `decode` of these records, unless it is undefined, which it nearly always is. */
  prepare(topic: TopicName, records: readonly RawRecord[], signal: AbortSignal): Promise<void> | undefined {
    return this.#values.prepare?.(topic, valuesOf(records), signal);
  }

  /** The value is `Unreadable` where it cannot be decoded: what becomes of it is for its reader to say. */
  decode(topic: TopicName, partition: number, raw: RawRecord): Recorded {
    const occurredAt = numberIn(raw, occurredHeader);
    const seq = numberIn(raw, seqHeader);
    return {
      topic,
      partition,
      offset: Number(raw.offset),
      key: raw.key?.toString('utf8') ?? '',
      value: this.#value(topic, raw.value),
      recordedAt: Number(raw.timestamp),
      ...(occurredAt !== undefined && { occurredAt }),
      ...(seq !== undefined && { seq }),
    };
  }

  #value(topic: TopicName, bytes: Buffer | null): unknown {
    if (bytes === null) return new Unreadable('a record without a value', Buffer.alloc(0));
    try {
      return this.#values.decode(topic, bytes);
    } catch (error) {
      return new Unreadable(error instanceof Error ? error.message : String(error), bytes);
    }
  }
}

function* valuesOf(records: readonly RawRecord[]): Generator<Buffer | null> {
  for (const { value } of records) yield value;
}

function numberIn({ headers }: RawRecord, name: string): number | undefined {
  const found = headers?.[name];
  const text = Buffer.isBuffer(found) ? found.toString('utf8') : undefined;
  const number = text === undefined || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(number) ? number : undefined;
}

/** The number of a record of a topic with one writer; -1 where there is none. */
export const seqOf = (raw: RawRecord): number => numberIn(raw, seqHeader) ?? -1;
