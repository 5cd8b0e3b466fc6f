import {
  type Positions,
  partitionCount,
  positionKey,
  type ReadRequest,
  type Recorded,
  type TopicName,
} from '@tocsin/core';
import type { Actor, Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

interface Place {
  readonly topic: TopicName;
  readonly partition: number;
  next: number;
  /** Where a reader that does not follow ends. */
  readonly end: number;
}

/** One `read`: hands out committed records in batches of any size, from one partition at a time. */
export class SimulatedReader implements Actor {
  readonly #store: Store;
  readonly #scheduler: Scheduler;
  readonly #follow: boolean;
  readonly #places: readonly Place[];
  #wanted: ((batch: readonly Recorded[] | undefined) => void) | undefined;
  #over = false;

  constructor(store: Store, scheduler: Scheduler, { topics, from, follow, signal }: ReadRequest) {
    this.#store = store;
    this.#scheduler = scheduler;
    this.#follow = follow;
    this.#places = placesOf(store, topics, from);
    scheduler.add(this);
    if (signal.aborted) this.end();
    else signal.addEventListener('abort', () => this.end(), { once: true });
  }

  async *batches(): AsyncGenerator<readonly Recorded[]> {
    try {
      for (let batch = await this.#next(); batch; batch = await this.#next()) yield batch;
    } finally {
      this.end();
    }
  }

  ready(): boolean {
    return this.#wanted !== undefined && (this.#unread().length > 0 || !this.#follow);
  }

  resume(): void {
    const unread = this.#unread();
    if (unread.length === 0) {
      this.end();
      return;
    }
    const place = this.#scheduler.random.pick(unread);
    const limit = this.#scheduler.random.between(1, 8);
    const { records, next } = this.#store.log(place.topic, place.partition).scan(place.next, limit);
    const within = this.#follow ? records : records.filter(({ offset }) => offset < place.end);
    place.next = next;
    if (within.length > 0) this.#answer(within);
  }

  end(): void {
    this.#over = true;
    this.#scheduler.remove(this);
    this.#answer(undefined);
  }

  #next(): Promise<readonly Recorded[] | undefined> {
    if (this.#over) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#wanted = resolve;
      this.#scheduler.nudge();
    });
  }

  #answer(batch: readonly Recorded[] | undefined): void {
    const wanted = this.#wanted;
    this.#wanted = undefined;
    wanted?.(batch);
  }

  #unread(): Place[] {
    return this.#places.filter(({ topic, partition, next, end }) => {
      const stable = this.#store.log(topic, partition).stableEnd;
      return next < (this.#follow ? stable : Math.min(stable, end));
    });
  }
}

function placesOf(store: Store, topics: readonly TopicName[], from: Positions | 'start' | 'end'): readonly Place[] {
  return topics.flatMap((topic) =>
    Array.from({ length: partitionCount(topic, store.partitions) }, (_, partition) => {
      const end = store.log(topic, partition).stableEnd;
      const start = from === 'start' ? 0 : from === 'end' ? end : (from[positionKey(topic, partition)] ?? 0);
      return { topic, partition, next: start, end };
    }),
  );
}
