import type { Recorded } from './processor.ts';
import type { TopicName } from './topics.ts';

/**
 * Configuration as a value: the fold of a one-partition topic. Every task sees it at a version (the `seq` of the last record
 * applied) that never goes backwards, restarts included.
 */
export interface Table<T> {
  readonly name: string;
  readonly topic: TopicName;
  readonly initial: T;
  apply(current: T, record: Recorded): T;
}

export interface Snapshot<T> {
  /** `seq` of the last record applied; -1 before the first. */
  readonly version: number;
  readonly value: T;
}

/** The tables that a processor declared, as they stood when the record was reached. */
export interface Snapshots {
  get<T>(table: Table<T>): Snapshot<T>;
}

/** Mutable holder that engines share: applies records in order, drops what it has already applied. */
export class TableSet implements Snapshots {
  readonly #held = new Map<string, Snapshot<unknown>>();
  readonly #tables: readonly Table<unknown>[];

  constructor(tables: readonly Table<unknown>[]) {
    this.#tables = [...new Map(tables.map((table) => [table.name, table])).values()];
    for (const table of this.#tables) this.#held.set(table.name, { version: -1, value: table.initial });
  }

  get<T>(table: Table<T>): Snapshot<T> {
    const held = this.#held.get(table.name);
    if (!held) throw new Error(`table ${table.name} is not declared by this processor`);
    return held as Snapshot<T>;
  }

  apply(record: Recorded): void {
    const version = record.seq ?? record.offset;
    for (const table of this.#tables) {
      const held = this.#held.get(table.name);
      if (table.topic !== record.topic || !held || held.version >= version) continue;
      this.#held.set(table.name, { version, value: table.apply(held.value, record) });
    }
  }
}
