import { type Recorded, type TopicName, topicShape } from '@tocsin/core';

/** A record with its place in the one order that everything on this machine has. */
export interface Placed {
  readonly gid: number;
  readonly record: Recorded;
  /** The value as it is stored. */
  readonly text: string;
}

/** A value as it is stored. */
export const storedText = (topic: TopicName, value: unknown): string =>
  topicShape(topic).text && typeof value === 'string' ? value : JSON.stringify(value ?? null);

/**
 * Records of one topic that were committed together and have consecutive offsets: one row of the file. A row costs the same
 * whatever it holds, so a busy log writes a few rows a transaction instead of one a record.
 */
export interface Segment {
  readonly topic: TopicName;
  /** Offset of the first record. */
  readonly first: number;
  readonly count: number;
  /** JSON: for each record `[gid, recordedAt, occurredAt or null, has a seq, key, length of its text]`. */
  readonly head: string;
  /** The texts in UTF-8, each followed by a line feed. */
  readonly body: Uint8Array<ArrayBuffer>;
}

type Head = readonly [gid: number, at: number, occurred: number | null, hasSeq: 0 | 1, key: string, length: number];

/** A segment ends behind the record that brings it to this many characters: a reader takes it into memory as a whole. */
const fullLength = 256 * 1024;

/** Cuts a transaction's records into segments. */
export function segmentsOf(placed: readonly Placed[]): readonly Segment[] {
  const open = new Map<TopicName, Placed[]>();
  const lengths = new Map<TopicName, number>();
  const segments: Segment[] = [];
  for (const one of placed) {
    const { topic } = one.record;
    const records = open.get(topic) ?? [];
    if (records.length === 0) open.set(topic, records);
    records.push(one);
    const length = (lengths.get(topic) ?? 0) + one.text.length;
    lengths.set(topic, length);
    if (length < fullLength) continue;
    segments.push(segmentOf(topic, records));
    open.delete(topic);
    lengths.delete(topic);
  }
  for (const [topic, records] of open) segments.push(segmentOf(topic, records));
  return segments;
}

function segmentOf(topic: TopicName, placed: readonly Placed[]): Segment {
  const heads: Head[] = [];
  const body = new TextBuffer();
  for (const { gid, record, text } of placed) {
    const { recordedAt, occurredAt = null, seq, key } = record;
    heads.push([gid, recordedAt, occurredAt, seq === undefined ? 0 : 1, key, text.length]);
    body.add(text);
  }
  return {
    topic,
    first: placed[0]?.record.offset ?? 0,
    count: placed.length,
    head: JSON.stringify(heads),
    body: body.bytes(),
  };
}

/** Up to `limit` records of a segment, from an offset on. */
export function placedIn({ topic, first, head, body }: Segment, from: number, limit: number): readonly Placed[] {
  const heads = JSON.parse(head) as readonly Head[];
  const isText = topicShape(topic).text;
  const placed: Placed[] = [];
  const texts = utf8.decode(body);
  let start = 0;
  for (const [at, [gid, recordedAt, occurred, hasSeq, key, length]] of heads.entries()) {
    const offset = first + at;
    const text = offset < from ? '' : texts.slice(start, start + length);
    start += length + 1;
    if (offset < from) continue;
    if (placed.length >= limit) break;
    const record: Recorded = {
      topic,
      partition: 0,
      offset,
      key,
      value: isText ? text : (JSON.parse(text) as unknown),
      recordedAt,
      ...(occurred !== null && { occurredAt: occurred }),
      ...(hasSeq === 1 && { seq: offset }),
    };
    placed.push({ gid, record, text });
  }
  return placed;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Lines of text as bytes. Writing them one by one spares the copies that joining long strings and sending them costs. */
class TextBuffer {
  #bytes = Buffer.allocUnsafeSlow(16 * 1024);
  #length = 0;

  add(line: string): void {
    // A UTF-16 unit takes three bytes at most.
    this.#reserve(line.length * 3 + 1);
    this.#length += this.#bytes.write(line, this.#length);
    this.#bytes[this.#length] = 0x0a;
    this.#length += 1;
  }

  /** In a buffer of their own, which can be handed to another thread. */
  bytes(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(this.#bytes.buffer.slice(0, this.#length));
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#bytes.length * 2, this.#length + more));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
