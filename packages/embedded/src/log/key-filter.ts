/** Bits a key; with `probes` looks about one absent key in two thousand is taken for a present one. */
const bitsPerKey = 16;
const probes = 6;
const leastKeys = 1 << 16;
/** Beyond this many keys the filter grows no more: 16 MiB, and false alarms become more frequent. */
const mostKeys = 1 << 23;

/**
 * A Bloom filter over strings: `has` is never false for a key that was added. Keys cannot be taken out; whoever finds it `full`
 * makes a new one.
 */
export class KeyFilter {
  readonly #words: Uint32Array;
  readonly #mask: number;
  readonly #capacity: number;
  #count = 0;

  /** @param keys how many different ones are expected */
  constructor(keys: number) {
    this.#capacity = 2 ** Math.ceil(Math.log2(Math.min(Math.max(keys, leastKeys), mostKeys)));
    this.#words = new Uint32Array((this.#capacity * bitsPerKey) / 32);
    this.#mask = this.#capacity * bitsPerKey - 1;
  }

  /** Different keys added, as far as it can tell them apart. */
  get count(): number {
    return this.#count;
  }

  get full(): boolean {
    return this.#count > this.#capacity && this.#capacity < mostKeys;
  }

  add(key: string): void {
    let isNew = false;
    this.#each(key, (word, bit) => {
      if ((this.#at(word) & bit) !== 0) return true;
      isNew = true;
      this.#words[word] = this.#at(word) | bit;
      return true;
    });
    if (isNew) this.#count += 1;
  }

  has(key: string): boolean {
    return this.#each(key, (word, bit) => (this.#at(word) & bit) !== 0);
  }

  #at(word: number): number {
    return this.#words[word] ?? 0;
  }

  /** Double hashing: the n-th place is `a + n × b`. Stops at the first place that `look` says no to. */
  #each(key: string, look: (word: number, bit: number) => boolean): boolean {
    let a = 0x811c9dc5;
    let b = 0x9e3779b9;
    for (let i = 0; i < key.length; i += 1) {
      const code = key.charCodeAt(i);
      a = Math.imul(a ^ code, 0x01000193);
      b = Math.imul(b + code, 0x85ebca6b) ^ (b >>> 13);
    }
    b |= 1;
    for (let n = 0; n < probes; n += 1) {
      const place = (a ^ (a >>> 15)) & this.#mask;
      if (!look(place >>> 5, 1 << (place & 31))) return false;
      a = (a + b) | 0;
    }
    return true;
  }
}
