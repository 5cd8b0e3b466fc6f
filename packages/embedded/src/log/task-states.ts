import { type AnyProcessor, type Instant, type StateKey, type Wake, WakeHeap } from '@tocsin/core';
import type { StatePut } from './batch-packing.ts';
import { KnownKeys } from './known-keys.ts';
import type { SqliteStore } from './sqlite-store.ts';

/** Entries kept decoded in memory besides those that are not in the file yet. */
const cached = 20_000;
/** Wakes are read from the file in slices, so that millions of far-off ones cost no memory. */
const sliceMs = 60_000;
const sliceRows = 2_000;

/** The state of one processor: what is hot in memory, the rest in the file, what changed waiting to be written. */
export class TaskStates {
  readonly #processor: AnyProcessor;
  readonly #store: SqliteStore;
  readonly #hot = new Map<StateKey, unknown>();
  /** What the open transaction changed. */
  readonly #changed = new Set<StateKey>();
  /** What is on its way to the file, with the number of the last transaction that changed it. */
  readonly #sealed = new Map<StateKey, number>();
  #seals = 0;
  readonly #known: KnownKeys;
  readonly #heap = new WakeHeap();
  /** Every wake before this instant is in the heap; those after it are only in the file or among the entries on their way to it. */
  #horizon: Instant = Number.MIN_SAFE_INTEGER;
  /** No wake at or after the horizon is earlier than this. */
  #beyond: Instant = Number.MIN_SAFE_INTEGER;

  constructor(processor: AnyProcessor, store: SqliteStore) {
    this.#processor = processor;
    this.#store = store;
    this.#known = new KnownKeys(processor.id, store);
  }

  get dirty(): boolean {
    return this.#changed.size > 0;
  }

  get(key: StateKey): unknown {
    const hot = this.#hot.get(key);
    if (hot !== undefined || this.#isDirty(key)) return hot;
    if (!this.#known.mayHold(key)) return undefined;
    const row = this.#store.state(this.#processor.id, key);
    if (!row) return undefined;
    const state = this.#processor.state.decode(row.value, row.version);
    this.#hot.set(key, state);
    return state;
  }

  put(key: StateKey, state: unknown): void {
    if (!this.#changed.has(key)) {
      // To the end of the map: what was written last is dropped from memory last.
      this.#changed.add(key);
      this.#known.add(key);
      this.#hot.delete(key);
    }
    this.#hot.set(key, state);
    const at = state === undefined ? undefined : this.#processor.wakeAt?.(state);
    if (at === undefined) return;
    if (at < this.#horizon) this.#heap.push({ at, key });
    else if (at < this.#beyond) this.#beyond = at;
  }

  /** The earliest wake at or before `until`, checked against the state as it is now. */
  due(until: Instant): Wake | undefined {
    if (!this.#processor.wakeAt) return undefined;
    for (;;) {
      const first = this.#heap.first;
      if (!first || first.at > until) {
        if (this.#horizon > until) return undefined;
        this.#extend(until);
      } else if (this.#wakeOf(first.key) === first.at) return first;
      else this.#heap.pop();
    }
  }

  drop(): void {
    this.#heap.pop();
  }

  /** When the next wake may be due: exact, or early, never late. */
  nextWake(): Instant | undefined {
    if (!this.#processor.wakeAt) return undefined;
    const next = this.#heap.first?.at ?? this.#beyond;
    return next === Number.POSITIVE_INFINITY ? undefined : next;
  }

  /**
   * Ends the open transaction: what it changed, encoded for the file. The next one may begin at once, on top of it; `committed`
   * is to be called when it is on disk.
   */
  seal(): { readonly puts: readonly StatePut[]; readonly committed: () => void } {
    const keys = [...this.#changed];
    this.#seals += 1;
    const seal = this.#seals;
    for (const key of keys) this.#sealed.set(key, seal);
    this.#changed.clear();
    return { puts: keys.map((key) => this.#putOf(key)), committed: () => this.#committed(keys, seal) };
  }

  #putOf(key: StateKey): StatePut {
    const { id, state: codec } = this.#processor;
    const state = this.#hot.get(key);
    if (state === undefined) return { processor: id, key, version: 0, wakeAt: undefined, text: undefined };
    const wakeAt = this.#processor.wakeAt?.(state);
    return { processor: id, key, version: codec.version, wakeAt, text: codec.encode(state) };
  }

  /** On disk: forget what no longer exists, and the least recently written beyond the bound. */
  #committed(keys: readonly StateKey[], seal: number): void {
    for (const key of keys) {
      if (this.#sealed.get(key) === seal) this.#sealed.delete(key);
      if (this.#hot.get(key) === undefined && !this.#isDirty(key)) this.#hot.delete(key);
    }
    for (const key of this.#hot.keys()) {
      if (this.#hot.size <= cached || this.#isDirty(key)) break;
      this.#hot.delete(key);
    }
    this.#known.advance();
  }

  /** The file has an older value of it, or none. */
  #isDirty(key: StateKey): boolean {
    return this.#changed.has(key) || this.#sealed.has(key);
  }

  #wakeOf(key: StateKey): Instant | undefined {
    const state = this.get(key);
    return state === undefined ? undefined : this.#processor.wakeAt?.(state);
  }

  /** Moves the horizon past `until`, or as far as one slice of rows allows. */
  #extend(until: Instant): void {
    const from = this.#horizon;
    const rows = this.#store.wakes(this.#processor.id, from, sliceRows);
    const last = rows.length === sliceRows ? rows.at(-1)?.at : undefined;
    const to = last === undefined ? until + sliceMs : Math.min(last + 1, until + sliceMs);
    this.#horizon = to;
    this.#beyond = this.#store.wakes(this.#processor.id, to, 1)[0]?.at ?? Number.POSITIVE_INFINITY;
    for (const wake of last === undefined ? rows : this.#upTo(rows, last)) if (wake.at < to) this.#heap.push(wake);
    for (const key of [...this.#changed, ...this.#sealed.keys()]) {
      const at = this.#wakeOf(key);
      if (at === undefined || at < from) continue;
      if (at < to) this.#heap.push({ at, key });
      else if (at < this.#beyond) this.#beyond = at;
    }
  }

  /** A slice may end in the middle of many wakes of one instant: take the rest of them too. */
  #upTo(rows: readonly Wake[], last: Instant): readonly Wake[] {
    for (let limit = sliceRows; ; limit *= 2) {
      const more = this.#store.wakes(this.#processor.id, last, limit);
      const same = more.filter(({ at }) => at === last);
      if (same.length < more.length || more.length < limit) return [...rows.filter(({ at }) => at < last), ...same];
    }
  }
}
