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
  const texts: string[] = [];
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
    texts.push(key, text);
  });
  about.puts.forEach(({ processor, key, version, wakeAt = Number.NaN, text }, n) => {
    const numbers = [names.indexOf(processor), version, wakeAt, key.length, text === undefined ? -1 : text.length];
    puts.set(numbers, n * putNumbers);
    texts.push(key, text ?? '');
  });
  return { names: names.all, records, puts, texts: texts.join(''), notes: [...about.notes] };
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
