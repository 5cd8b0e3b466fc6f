import { LogError, partitionCount, positionKey, type ReadRequest, type Recorded, type TopicName } from '@tocsin/core';
import type { Fetched, FetchSession } from './fetch-session.ts';
import { type Offsets, placeName } from './offsets.ts';
import type { RecordCodec } from './record-codec.ts';
import { SignalFlag } from './signal-flag.ts';
import type { TopicNames } from './topic-names.ts';

interface Parts {
  readonly session: FetchSession;
  readonly offsets: Offsets;
  readonly names: TopicNames;
  readonly codec: RecordCodec;
  readonly partitions: number;
}

interface Place {
  readonly topic: TopicName;
  readonly partition: number;
  readonly from: number;
  readonly end: number;
  /** What has been handed out or lies ready. */
  reached: number;
}

/** A reader that holds this many bytes asks for no more. */
const fullBytes = 8 * 1024 * 1024;

/** One `read`: committed records of some topics, batch by batch, from one partition at a time. */
export class LogReader {
  readonly #parts: Parts;
  readonly #request: ReadRequest;
  readonly #flag = new SignalFlag();
  #ready: { readonly place: Place; readonly fetched: Fetched }[] = [];
  #places: readonly Place[] = [];
  #bytes = 0;
  #failure: Error | undefined;
  #over = false;
  readonly #ending = new AbortController();

  constructor(parts: Parts, request: ReadRequest) {
    this.#parts = parts;
    this.#request = request;
  }

  /** Settles where it begins and, if it does not follow, where it ends. */
  async begin(): Promise<void> {
    const { topics, from, signal } = this.#request;
    signal.addEventListener('abort', this.end, { once: true });
    if (signal.aborted) return this.end();
    const { offsets, names, partitions } = this.#parts;
    const wanted = topics.flatMap((topic) =>
      Array.from({ length: partitionCount(topic, partitions) }, (_, partition) => ({ topic, partition })),
    );
    const kafkas = wanted.map(({ topic, partition }) => ({ topic: names.of(topic), partition }));
    const [starts, ends] = await Promise.all([offsets.starts(kafkas), offsets.ends(kafkas)]);
    this.#places = wanted.map(({ topic, partition }) => {
      const name = placeName({ topic: names.of(topic), partition });
      const [start, end] = [starts.get(name) ?? 0, ends.get(name) ?? 0];
      const asked = from === 'start' ? start : from === 'end' ? end : (from[positionKey(topic, partition)] ?? start);
      return { topic, partition, from: asked, end, reached: asked };
    });
  }

  async *batches(): AsyncGenerator<readonly Recorded[]> {
    try {
      for (const place of this.#places) if (this.#request.follow || place.from < place.end) this.#want(place);
      for (;;) {
        if (this.#over) return;
        if (this.#failure) throw this.#failure;
        const next = this.#ready.shift();
        if (next) {
          await this.#prepared(next.place, next.fetched);
          const records = this.#over ? [] : this.#taken(next.place, next.fetched);
          if (records.length > 0) yield records;
        } else if (this.#finished()) return;
        else await this.#flag.wait();
      }
    } finally {
      this.end();
      await this.#parts.session.close();
    }
  }

  readonly end = (): void => {
    this.#over = true;
    this.#ending.abort();
    this.#request.signal.removeEventListener('abort', this.end);
    this.#flag.raise();
  };

  /** Rejects only when the reader has been ended meanwhile, and then nobody asks any more. */
  async #prepared({ topic }: Place, { records }: Fetched): Promise<void> {
    await this.#parts.codec.prepare(topic, records, this.#ending.signal)?.catch(() => {});
  }

  #finished(): boolean {
    return !this.#request.follow && this.#places.every(({ reached, end }) => reached >= end);
  }

  #want(place: Place): void {
    const { session, names } = this.#parts;
    const { topic, partition } = place;
    session.want({
      topic: names.of(topic),
      partition,
      next: place.from,
      take: (fetched) => this.#fed(place, fetched),
      fail: (cause) => {
        const why = `${topic}/${partition} no longer holds the position ${place.reached}`;
        this.#failure = new LogError('stopped', why, { cause });
        this.#flag.raise();
      },
    });
  }

  #fed(place: Place, fetched: Fetched): void {
    const { session, names } = this.#parts;
    place.reached = fetched.next;
    this.#ready.push({ place, fetched });
    this.#bytes += fetched.bytes;
    if (!this.#request.follow && fetched.next >= place.end) session.drop(names.of(place.topic), place.partition);
    if (this.#bytes > fullBytes) this.#pause(true);
    this.#flag.raise();
  }

  #taken({ topic, partition, end }: Place, { records, bytes }: Fetched): readonly Recorded[] {
    const { codec } = this.#parts;
    this.#bytes -= bytes;
    if (this.#bytes < fullBytes / 4) this.#pause(false);
    const within = this.#request.follow ? records : records.filter(({ offset }) => Number(offset) < end);
    return within.map((raw) => codec.decode(topic, partition, raw));
  }

  #pause(paused: boolean): void {
    const { session, names } = this.#parts;
    for (const { topic, partition } of this.#places) session.pause(names.of(topic), partition, paused);
  }
}
