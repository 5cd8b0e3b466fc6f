import type { Entry, Positions, TopicName } from '@tocsin/core';
import { type Change, Changelog } from './changelog.ts';
import type { Fault } from './fault.ts';
import { PartitionLog } from './partition-log.ts';
import type { Transaction } from './transaction.ts';

/** Right to write for a task, proved by the epoch of each of its transactional ids. */
export interface Ownership {
  readonly ids: readonly string[];
  readonly epochs: readonly number[];
}

/** A newer owner has taken over; whoever sees this has lost the task. */
export class FencedError extends Error {
  override readonly name = 'FencedError';
}

/** What survives every crash: partitions, changelogs, epochs, saved positions. Stands for the brokers. */
export class Store {
  readonly partitions: number;
  readonly fault: Fault | undefined;
  readonly saved = new Map<string, Positions>();
  readonly #logs = new Map<string, PartitionLog>();
  readonly #changelogs = new Map<string, Changelog>();
  readonly #lists = new Map<string, Entry[]>();
  readonly #epochs = new Map<string, number>();
  readonly #open = new Map<string, Transaction>();

  constructor(partitions: number, fault: Fault | undefined) {
    this.partitions = partitions;
    this.fault = fault;
  }

  log(topic: TopicName, partition: number): PartitionLog {
    return entryOf(this.#logs, `${topic}/${partition}`, () => new PartitionLog(this.fault === 'read-uncommitted'));
  }

  changelog(processor: string, partition: number): Changelog {
    return entryOf(this.#changelogs, `${processor}/${partition}`, () => new Changelog());
  }

  /** What came to a fused list from outside, in the order in which it was committed. */
  entries(list: readonly string[], partition: number): Entry[] {
    const [only] = list;
    if (list.length === 1 && only !== undefined) return this.changelog(only, partition).entries;
    return entryOf(this.#lists, `${list.join('+')}/${partition}`, () => []);
  }

  /** Ends the former owner's right and its open transaction. */
  own(ids: readonly string[]): Ownership {
    const epochs = ids.map((id) => {
      this.#open.get(id)?.abort();
      const epoch = (this.#epochs.get(id) ?? 0) + 1;
      this.#epochs.set(id, epoch);
      return epoch;
    });
    return { ids, epochs };
  }

  /** Throws `FencedError` when a newer owner exists. */
  check({ ids, epochs }: Ownership): void {
    if (this.fault === 'no-fencing') return;
    const late = ids.find((id, i) => this.#epochs.get(id) !== epochs[i]);
    if (late !== undefined) throw new FencedError(`${late} has a newer owner`);
  }

  opened(transaction: Transaction): void {
    for (const id of transaction.owner.ids) this.#open.set(id, transaction);
  }

  ended(transaction: Transaction): void {
    for (const id of transaction.owner.ids) if (this.#open.get(id) === transaction) this.#open.delete(id);
  }

  apply(partition: number, changes: readonly Change[], list: readonly Entry[]): void {
    for (const change of changes) this.changelog(change.processor, partition).apply(change);
    if (changes.length > 1)
      this.entries(
        changes.map(({ processor }) => processor),
        partition,
      ).push(...list);
  }
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  const found = map.get(key);
  if (found !== undefined) return found;
  const made = make();
  map.set(key, made);
  return made;
}
