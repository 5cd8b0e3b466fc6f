import type { Placed } from './sqlite-store.ts';
import { type Batch, putNumbers, recordNumbers } from './sqlite-writer.js';

/** A state entry to write; `text` undefined forgets it. */
export interface StatePut {
  readonly processor: string;
  readonly key: string;
  readonly version: number;
  readonly wakeAt: number | undefined;
  readonly text: string | undefined;
}

/** Packs a transaction for the writer; see `Batch`. */
export function packed(about: {
  readonly records: readonly Placed[];
  readonly puts: readonly StatePut[];
  readonly notes: ReadonlyMap<string, string>;
}): Batch {
  const names = new Names();
  const records = new Float64Array(about.records.length * recordNumbers);
  const puts = new Float64Array(about.puts.length * putNumbers);
  const texts = new Chunks();
  about.records.forEach(({ gid, record, text }, n) => {
    const { topic, offset, key, recordedAt, occurredAt = Number.NaN, seq = Number.NaN } = record;
    const numbers = [
      names.indexOf(`topic:${topic}`),
      offset,
      gid,
      recordedAt,
      occurredAt,
      seq,
      key.length,
      text.length,
    ];
    records.set(numbers, n * recordNumbers);
    texts.add(key, text);
  });
  about.puts.forEach(({ processor, key, version, wakeAt = Number.NaN, text }, n) => {
    const numbers = [names.indexOf(processor), version, wakeAt, key.length, text === undefined ? -1 : text.length];
    puts.set(numbers, n * putNumbers);
    texts.add(key, text ?? '');
  });
  return { names: names.all, records, puts, texts: texts.all(), notes: [...about.notes] };
}

/** Characters of one chunk of texts; far below the longest string that there can be. */
const chunkLength = 8 * 1024 * 1024;

/** Keys and texts one after another, in chunks; what belongs together stays in one. */
class Chunks {
  readonly #full: string[] = [];
  #open: string[] = [];
  #length = 0;

  add(key: string, text: string): void {
    this.#open.push(key, text);
    this.#length += key.length + text.length;
    if (this.#length >= chunkLength) this.#close();
  }

  all(): readonly string[] {
    if (this.#length > 0) this.#close();
    return this.#full;
  }

  #close(): void {
    this.#full.push(this.#open.join(''));
    this.#open = [];
    this.#length = 0;
  }
}

/** Each name once. */
class Names {
  readonly all: string[] = [];
  readonly #index = new Map<string, number>();

  indexOf(name: string): number {
    const known = this.#index.get(name);
    if (known !== undefined) return known;
    this.#index.set(name, this.all.length);
    return this.all.push(name) - 1;
  }
}
