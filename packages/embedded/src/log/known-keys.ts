import type { StateKey } from '@tocsin/core';
import { KeyFilter } from './key-filter.ts';
import type { SqliteStore } from './sqlite-store.ts';

/** Keys read from the file at a time. */
const slice = 500;
/** SQLite gives such keys back changed: what is read from the file says nothing about them. */
const changedByFile = /[\0\p{Cs}]/u;

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
    return this.#filter === undefined || this.#filter.has(key) || changedByFile.test(key);
  }

  /** To be called for every key that is written, before it is. */
  add(key: StateKey): void {
    this.#filter?.add(key);
    this.#reading?.filter.add(key);
  }

  /**
   * To be called after each commit. Reads one slice, if one is due: of a file just opened, or because the filter holds so many
   * keys that it says "maybe" too often. A reading begins one commit before its first slice: what was made when it began is then in
   * the file, and what is made from then on is added to it. Never throws: the next commit reads what this one could not.
   */
  advance(): void {
    if (this.#reading) this.#readOn(this.#reading);
    else if (this.#filter?.full) this.#reading = readingFor(this.#filter.count * 2);
  }

  #readOn({ filter, after }: Reading): void {
    const keys = this.#slice(after);
    if (!keys) return;
    for (const key of keys) filter.add(key);
    const last = keys.length === slice ? keys.at(-1) : undefined;
    if (filter.full) this.#reading = readingFor(filter.count * 2);
    else if (last !== undefined) this.#reading = { filter, after: last };
    else {
      this.#filter = filter;
      this.#reading = undefined;
    }
  }

  #slice(after: StateKey): readonly StateKey[] | undefined {
    try {
      return this.#store.stateKeys(this.#processor, after, slice);
    } catch {
      return undefined;
    }
  }
}

const readingFor = (keys: number): Reading => ({ filter: new KeyFilter(keys), after: '' });
