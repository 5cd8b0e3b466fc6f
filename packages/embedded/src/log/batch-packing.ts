import { type Placed, segmentsOf } from './segment.ts';
import { type Batch, putNumbers } from './sqlite-writer.js';

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
  const puts = new Float64Array(about.puts.length * putNumbers);
  let texts = '';
  about.puts.forEach(({ processor, key, version, wakeAt = Number.NaN, text }, n) => {
    const at = n * putNumbers;
    puts[at] = names.indexOf(processor);
    puts[at + 1] = version;
    puts[at + 2] = wakeAt;
    puts[at + 3] = key.length;
    puts[at + 4] = text === undefined ? -1 : text.length;
    texts += key;
    if (text !== undefined) texts += text;
  });
  return { segments: segmentsOf(about.records), names: names.all, puts, texts, notes: [...about.notes] };
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
