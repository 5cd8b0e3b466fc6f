import type { StateKey } from '@tocsin/core';
import { KeyFilter } from './key-filter.ts';
import type { SqliteStore } from './sqlite-store.ts';

/** Keys read from the file at a time. */
const slice = 2_000;

interface Reading {
  readonly filter: KeyFilter;
  /** The last key read. */
  readonly after: StateKey;
}

/**
 * Tells without looking into the file that it does not hold an entry: most keys that a step asks for are new. The keys in the
 * file are read slice by slice; until that is done, any key may be there.
 */
export class KnownKeys {
  readonly #processor: string;
  readonly #store: SqliteStore;
  #filter: KeyFilter | undefined;
  #reading: Reading | undefined;

  constructor(processor: string, store: SqliteStore) {
    this.#processor = processor;
    this.#store = store;
    this.#reading = readingFor(0);
    this.advance();
  }

  mayHold(key: StateKey): boolean {
    return this.#filter?.has(key) ?? true;
  }

  /** To be called for every key that is written, before it is. */
  add(key: StateKey): void {
    this.#filter?.add(key);
    this.#reading?.filter.add(key);
  }

  /** Reads one slice, if one is due: of a file just opened, or because the filter holds so many keys that it says "maybe" too often. */
  advance(): void {
    if (!this.#reading && this.#filter?.full) this.#reading = readingFor(this.#filter.count * 2);
    if (!this.#reading) return;
    const { filter, after } = this.#reading;
    const keys = this.#store.stateKeys(this.#processor, after, slice);
    for (const key of keys) filter.add(key);
    const last = keys.length === slice ? keys.at(-1) : undefined;
    if (filter.full) this.#reading = readingFor(filter.count * 2);
    else if (last !== undefined) this.#reading = { filter, after: last };
    else {
      this.#filter = filter;
      this.#reading = undefined;
    }
  }
}

const readingFor = (keys: number): Reading => ({ filter: new KeyFilter(keys), after: '' });
