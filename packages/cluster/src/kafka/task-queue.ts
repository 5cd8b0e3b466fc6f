import type { Recorded, TopicName } from '@tocsin/core';
import type { Fetched } from './fetch-session.ts';
import type { RecordCodec } from './record-codec.ts';

interface Waiting {
  readonly topic: TopicName;
  readonly fetched: Fetched;
  at: number;
}

/** What a task has been given and has not taken, in the order of arrival; decoded when it is taken. */
export class TaskQueue {
  readonly #codec: RecordCodec;
  /** How many of those that wait can be decoded. */
  #prepared = 0;
  #waiting: Waiting[] = [];
  #tables: Recorded[] = [];
  #bytes = 0;

  constructor(codec: RecordCodec) {
    this.#codec = codec;
  }

  get empty(): boolean {
    return this.#waiting.length === 0 && this.#tables.length === 0;
  }

  get bytes(): number {
    return this.#bytes;
  }

  has(topics: ReadonlySet<TopicName>): boolean {
    return this.#waiting.some(({ topic }) => topics.has(topic));
  }

  push(topic: TopicName, fetched: Fetched): void {
    if (fetched.records.length === 0) return;
    this.#waiting.push({ topic, fetched, at: 0 });
    this.#bytes += fetched.bytes;
  }

  pushTable(records: readonly Recorded[]): void {
    this.#tables.push(...records);
  }

  /** To be awaited before anything is taken, unless it is undefined. */
  prepare(signal: AbortSignal): Promise<void> | undefined {
    for (let next = this.#waiting[this.#prepared]; next; next = this.#waiting[this.#prepared]) {
      const waiting = this.#codec.prepare(next.topic, next.fetched.records, signal);
      this.#prepared += 1;
      if (waiting) return waiting.then(() => this.prepare(signal));
    }
    return undefined;
  }

  clear(): void {
    this.#prepared = 0;
    this.#waiting = [];
    this.#tables = [];
    this.#bytes = 0;
  }

  /** Configuration first, then up to so many records. */
  *take(limit: number): Generator<Recorded> {
    yield* this.#tables.splice(0);
    for (let left = limit; left > 0; left -= 1) {
      const first = this.#waiting[0];
      // What has come after `prepare` is for the next time.
      if (!first || this.#prepared === 0) return;
      const { topic, fetched } = first;
      const raw = fetched.records[first.at];
      first.at += 1;
      if (first.at >= fetched.records.length) {
        this.#waiting.shift();
        this.#prepared -= 1;
        this.#bytes -= fetched.bytes;
      }
      if (raw) yield this.#codec.decode(topic, fetched.partition, raw);
    }
  }
}
