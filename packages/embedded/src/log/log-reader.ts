import { setImmediate as nextTurn } from 'node:timers/promises';
import { positionKey, type ReadRequest, type Recorded, type TopicName, topicShape } from '@tocsin/core';
import type { Ends } from './ends.ts';
import { Follower } from './follower.ts';
import type { Placed } from './segment.ts';
import type { SqliteStore } from './sqlite-store.ts';

const rowsAhead = 500;
/** Of a topic with records that may be very long. */
const longRowsAhead = 8;

/** One topic being read: where it is, and what has been read ahead. */
class Cursor {
  readonly topic: TopicName;
  #next: number;
  #rows: readonly Placed[] = [];
  #at = 0;

  constructor(topic: TopicName, next: number) {
    this.topic = topic;
    this.#next = next;
  }

  /** The next record in the file, if there is one. */
  first(store: SqliteStore, ends: Ends): Placed | undefined {
    if (this.#at >= this.#rows.length && this.#next < ends.of(this.topic)) {
      const ahead = topicShape(this.topic).maxBytes ? longRowsAhead : rowsAhead;
      // The file may hold more than is known to be durable: other topics are not read as far either.
      const known = ends.of(this.topic) - this.#next;
      this.#rows = store.records(this.topic, this.#next, Math.min(ahead, known));
      this.#at = 0;
    }
    return this.#rows[this.#at];
  }

  take(): void {
    const placed = this.#rows[this.#at];
    if (!placed) return;
    this.#next = placed.record.offset + 1;
    this.#at += 1;
  }

  /** True when a record from memory is new here. */
  pass(record: Recorded): boolean {
    if (record.offset < this.#next) return false;
    this.#next = record.offset + 1;
    this.#rows = [];
    this.#at = 0;
    return true;
  }
}

/** Reads several topics in the one order of the log: from the file as far as it goes, then from memory. */
export class LogReader {
  readonly #store: SqliteStore;
  readonly #ends: Ends;
  readonly #request: ReadRequest;
  readonly #cursors: ReadonlyMap<TopicName, Cursor>;

  constructor({
    store,
    ends,
    request,
  }: { readonly store: SqliteStore; readonly ends: Ends; readonly request: ReadRequest }) {
    this.#store = store;
    this.#ends = ends;
    this.#request = request;
    this.#cursors = new Map(
      request.topics.map((topic) => [topic, new Cursor(topic, startOf(topic, request.from, ends))]),
    );
  }

  /** Up to `limit` records that were not handed out yet and stand before `gid`; none at the end of the file. */
  next(limit: number, gid = Number.POSITIVE_INFINITY): readonly Recorded[] {
    const taken: Recorded[] = [];
    while (taken.length < limit) {
      const [cursor, placed] = this.#earliest();
      if (!cursor || !placed || placed.gid >= gid) break;
      cursor.take();
      taken.push(placed.record);
    }
    return taken;
  }

  /** `follow` registers a live reader and returns how to take it off again. */
  async *batches(follow: (follower: Follower) => () => void): AsyncIterable<readonly Recorded[]> {
    if (!this.#request.follow) {
      yield* this.#stored(this.#ends.gid);
      return;
    }
    for (let ended = this.#request.signal.aborted; !ended; ) {
      const follower = new Follower(this.#request.topics);
      const leave = follow(follower);
      const stop = () => follower.end();
      this.#request.signal.addEventListener('abort', stop, { once: true });
      try {
        yield* this.#stored(Number.POSITIVE_INFINITY);
        yield* this.#live(follower);
      } finally {
        ended = follower.ended;
        leave();
        this.#request.signal.removeEventListener('abort', stop);
      }
    }
  }

  /** Others get their turn between two batches: a long log is not read in one go. */
  async *#stored(gid: number): AsyncIterable<readonly Recorded[]> {
    while (!this.#request.signal.aborted) {
      const batch = this.next(rowsAhead, gid);
      if (batch.length === 0) return;
      yield batch;
      await nextTurn();
    }
  }

  /** Until it is ended, or so far behind that the file must be read again. */
  async *#live(follower: Follower): AsyncIterable<readonly Recorded[]> {
    while (!follower.ended && !follower.overrun) {
      const records = (await follower.take()).filter((record) => this.#cursors.get(record.topic)?.pass(record));
      if (records.length > 0) yield records;
    }
  }

  #earliest(): readonly [Cursor | undefined, Placed | undefined] {
    let first: readonly [Cursor | undefined, Placed | undefined] = [undefined, undefined];
    for (const cursor of this.#cursors.values()) {
      const placed = cursor.first(this.#store, this.#ends);
      if (placed && (!first[1] || placed.gid < first[1].gid)) first = [cursor, placed];
    }
    return first;
  }
}

function startOf(topic: TopicName, from: ReadRequest['from'], ends: Ends): number {
  if (from === 'start') return 0;
  return from === 'end' ? ends.of(topic) : (from[positionKey(topic, 0)] ?? 0);
}
