import type { Entry, Recorded } from '@tocsin/core';
import type { Change } from './changelog.ts';
import type { PartitionLog, Slot } from './partition-log.ts';
import type { Ownership, Store } from './store.ts';

/** What one task commits at once. */
export interface Batch {
  readonly partition: number;
  readonly out: readonly Omit<Recorded, 'offset'>[];
  readonly changes: readonly Change[];
  readonly entries: readonly Entry[];
}

/** One transaction of one task. Until it has committed nobody sees any of it; a crash leaves it open until the next owner. */
export class Transaction {
  readonly owner: Ownership;
  readonly #store: Store;
  readonly #slots: Slot[] = [];
  readonly #logs = new Set<PartitionLog>();
  #ended = false;

  constructor(store: Store, owner: Ownership) {
    this.owner = owner;
    this.#store = store;
    store.check(owner);
    store.opened(this);
  }

  write(record: Omit<Recorded, 'offset'>): void {
    this.#store.check(this.owner);
    const log = this.#store.log(record.topic, record.partition);
    this.#slots.push(log.write(record, this.#ended ? 'aborted' : 'open'));
    this.#logs.add(log);
  }

  /** State, positions and outputs together. */
  commit(batch: Batch): void {
    this.#store.check(this.owner);
    this.#store.apply(batch.partition, batch.changes, batch.entries);
    this.#end('committed');
  }

  /** Planted defect: only one half of a commit. */
  commitOutputs(): void {
    this.#store.check(this.owner);
    this.#end('committed');
  }

  abort(): void {
    this.#end('aborted');
  }

  #end(status: 'committed' | 'aborted'): void {
    if (this.#ended && this.#store.fault !== 'no-fencing') return;
    this.#ended = true;
    for (const slot of this.#slots) slot.status = status;
    for (const log of this.#logs) log.mark();
    this.#store.ended(this);
  }
}
