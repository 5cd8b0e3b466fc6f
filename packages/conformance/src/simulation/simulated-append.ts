import { type Append, type Instant, partitionOf, type Position, type Recorded } from '@tocsin/core';
import { stored } from './frozen.ts';
import type { Actor, Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';

interface Parts {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly clock: () => Instant;
  readonly records: readonly Append[];
}

/** One `append` on its way: partition after partition, as on Kafka; a crash may fall between two of them. */
export class SimulatedAppend implements Actor {
  readonly done: Promise<readonly Position[]>;
  readonly #parts: Parts;
  readonly #positions: Position[] = [];
  readonly #left: number[];
  #resolve: (positions: readonly Position[]) => void = () => {};

  constructor(parts: Parts) {
    this.#parts = parts;
    this.#left = [...new Set(parts.records.map((record) => this.#partition(record)))];
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
    parts.scheduler.add(this);
  }

  ready(): boolean {
    return true;
  }

  resume(): void {
    const { scheduler, records } = this.#parts;
    const partition = this.#left.shift();
    if (partition !== undefined)
      for (const [i, record] of records.entries())
        if (this.#partition(record) === partition) this.#positions[i] = this.#write(record, partition);
    if (this.#left.length > 0) return;
    scheduler.remove(this);
    this.#resolve(this.#positions);
  }

  #write({ topic, key, value, occurredAt }: Append, partition: number): Position {
    const { store, clock, scheduler } = this.#parts;
    const at = occurredAt === undefined ? {} : { occurredAt };
    const record: Omit<Recorded, 'offset'> = {
      topic,
      partition,
      key,
      value: stored(value),
      recordedAt: clock(),
      ...at,
    };
    const log = store.log(topic, partition);
    const { offset } = log.write(record, 'committed').record;
    if (store.fault === 'reordered' && scheduler.random.chance(0.2)) log.swapLast();
    return { topic, partition, offset };
  }

  #partition({ topic, shard }: Append): number {
    return partitionOf(topic, shard, this.#parts.store.partitions);
  }
}
