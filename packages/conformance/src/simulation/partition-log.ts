import type { Recorded } from '@tocsin/core';

/** `open` and `aborted` records hold offsets, as do the markers that end a transaction: so readers meet gaps. */
export interface Slot {
  readonly record: Recorded | undefined;
  status: 'open' | 'committed' | 'aborted';
}

/** What a committed read found: `next` is where to go on, past whatever was passed over. */
export interface Scan {
  readonly records: readonly Recorded[];
  readonly next: number;
}

/** One partition of one topic. */
export class PartitionLog {
  readonly #slots: Slot[] = [];
  readonly #uncommitted: boolean;
  #stable = 0;

  constructor(uncommitted: boolean) {
    this.#uncommitted = uncommitted;
  }

  write(record: Omit<Recorded, 'offset'>, status: Slot['status']): Slot & { readonly record: Recorded } {
    const slot = { record: Object.freeze({ ...record, offset: this.#slots.length }), status };
    this.#slots.push(slot);
    return slot;
  }

  /** The marker that ends a transaction takes an offset of its own. */
  mark(): void {
    this.#slots.push({ record: undefined, status: 'committed' });
  }

  /** Where committed reads end for now: the first record whose transaction is undecided, or the end. */
  get stableEnd(): number {
    if (this.#uncommitted) return this.#slots.length;
    while (this.#stable < this.#slots.length && this.#slots[this.#stable]?.status !== 'open') this.#stable++;
    return this.#stable;
  }

  scan(from: number, limit: number): Scan {
    const records: Recorded[] = [];
    const end = this.stableEnd;
    let next = Math.min(from, end);
    for (; next < end && records.length < limit; next++) {
      const slot = this.#slots[next];
      if (slot?.record && (this.#uncommitted || slot.status === 'committed')) records.push(slot.record);
    }
    return { records, next: Math.max(from, next) };
  }

  /** Planted defect: the last two committed records change places. */
  swapLast(): void {
    const [a, b] = this.#slots.slice(-2);
    if (!a?.record || !b?.record || a.status !== 'committed' || b.status !== 'committed') return;
    const swapped = [
      { ...b.record, offset: a.record.offset },
      { ...a.record, offset: b.record.offset },
    ];
    for (const record of swapped) this.#slots[record.offset] = { record, status: 'committed' };
  }
}
