import type { Recorded, TopicName } from '@tocsin/core';
import type { Fetched, FetchSession } from './fetch-session.ts';
import type { Offsets } from './offsets.ts';
import type { RecordCodec } from './record-codec.ts';
import type { TopicNames } from './topic-names.ts';

interface Parts {
  readonly session: FetchSession;
  readonly offsets: Offsets;
  readonly names: TopicNames;
  readonly codec: RecordCodec;
  /** Aborts when nobody needs it any more. */
  readonly signal: AbortSignal;
  report(line: string): void;
}

type Listener = (records: readonly Recorded[]) => void;

/** The one partition of a topic that tables are made of: read once a member, from its beginning, for all its tasks. */
export class TableFeed {
  readonly topic: TopicName;
  readonly #parts: Parts;
  readonly #records: Recorded[] = [];
  readonly #listeners = new Set<Listener>();
  readonly #progress: (() => void)[] = [];
  #position = 0;
  #decoding: Promise<void> = Promise.resolve();
  #started: Promise<void> | undefined;

  constructor(topic: TopicName, parts: Parts) {
    this.topic = topic;
    this.#parts = parts;
  }

  /** Where it has got. */
  get position(): number {
    return this.#position;
  }

  /** Everything up to what was the end at the call, once that has been read. */
  async loaded(): Promise<readonly Recorded[]> {
    const { offsets, names } = this.#parts;
    this.#started ??= this.#start();
    await this.#started;
    const place = { topic: names.of(this.topic), partition: 0 };
    const [end = 0] = (await offsets.ends([place])).values();
    while (this.#position < end) await new Promise<void>((resolve) => this.#progress.push(resolve));
    return this.#records;
  }

  /** What comes after those `known`, at once and from now on. */
  follow(known: number, listener: Listener): () => void {
    const missed = this.#records.slice(known);
    if (missed.length > 0) listener(missed);
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #start(): Promise<void> {
    const { session, offsets, names } = this.#parts;
    const place = { topic: names.of(this.topic), partition: 0 };
    const [start = 0] = (await offsets.starts([place])).values();
    this.#position = start;
    session.want({
      ...place,
      next: start,
      take: (fetched) => {
        this.#decoding = this.#decoding.then(() => this.#fed(fetched));
      },
      fail: (error) => this.#parts.report(`the table topic ${this.topic} cannot be read: ${error.message}`),
    });
  }

  async #fed({ records, next }: Fetched): Promise<void> {
    const { codec, signal } = this.#parts;
    try {
      await codec.prepare(this.topic, records, signal);
    } catch {
      return;
    }
    const decoded = records.map((raw) => codec.decode(this.topic, 0, raw));
    this.#records.push(...decoded);
    this.#position = next;
    for (const listener of this.#listeners) listener(decoded);
    for (const wake of this.#progress.splice(0)) wake();
  }
}
