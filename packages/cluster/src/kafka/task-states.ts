import { type AnyProcessor, type Instant, type StateKey, type Wake, WakeHeap } from '@tocsin/core';

/** The state of one processor's task: decoded in memory, with the times at which its entries want to be woken. */
export class TaskStates {
  readonly #processor: AnyProcessor;
  readonly #held = new Map<StateKey, unknown>();
  readonly #changed = new Set<StateKey>();
  readonly #heap = new WakeHeap();
  /** The one entry of each key in the heap that counts; it is never later than what the key's state asks for. */
  readonly #scheduled = new Map<StateKey, Instant>();

  constructor(processor: AnyProcessor) {
    this.#processor = processor;
  }

  get entries(): ReadonlyMap<StateKey, unknown> {
    return this.#held;
  }

  get(key: StateKey): unknown {
    return this.#held.get(key);
  }

  put(key: StateKey, state: unknown): void {
    this.#changed.add(key);
    this.#hold(key, state);
  }

  /** From the changelog: nothing that has to be written again. */
  restore(key: StateKey, text: string | undefined, version: number): void {
    this.#hold(key, text === undefined ? undefined : this.#processor.state.decode(text, version));
  }

  /** The earliest wake at or before `until`, as the states stand now. */
  due(until: Instant): Wake | undefined {
    for (let first = this.#heap.first; first && first.at <= until; first = this.#heap.first) {
      const { key } = first;
      const counts = this.#scheduled.get(key) === first.at;
      const at = counts ? this.#wakeOf(key) : undefined;
      if (counts && at === first.at) return first;
      this.#heap.pop();
      if (counts) this.#scheduled.delete(key);
      if (at !== undefined) this.#schedule(key, at);
    }
    return undefined;
  }

  /** Takes the wake that `due` gave off the heap. */
  woken({ key }: Wake): void {
    this.#heap.pop();
    this.#scheduled.delete(key);
  }

  /** What has to be written since the last call; without a text the entry is forgotten. */
  changes(): readonly { readonly key: StateKey; readonly text: string | undefined }[] {
    const changes = [...this.#changed].map((key) => {
      const state = this.#held.get(key);
      return { key, text: state === undefined ? undefined : this.#processor.state.encode(state) };
    });
    this.#changed.clear();
    return changes;
  }

  wakeOf(key: StateKey): Instant | undefined {
    return this.#wakeOf(key);
  }

  #hold(key: StateKey, state: unknown): void {
    if (state === undefined) this.#held.delete(key);
    else this.#held.set(key, state);
    const at = this.#wakeOf(key);
    if (at !== undefined && at < (this.#scheduled.get(key) ?? Number.POSITIVE_INFINITY)) this.#schedule(key, at);
  }

  #schedule(key: StateKey, at: Instant): void {
    this.#scheduled.set(key, at);
    this.#heap.push({ at, key });
  }

  #wakeOf(key: StateKey): Instant | undefined {
    const state = this.#held.get(key);
    return state === undefined ? undefined : this.#processor.wakeAt?.(state);
  }
}
