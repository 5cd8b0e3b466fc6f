import { deadLetterOf } from './dead-letter.ts';
import type { AnyProcessor, Context, Draft, Recorded, Step, StateKey } from './processor.ts';
import { watermarkAfter } from './processor.ts';
import { TableSet } from './table.ts';
import type { Instant } from './time.ts';

/** One entry of a committed interleaving: a record that came from outside the fused list, or silence up to an instant. */
export type Entry =
  | { readonly kind: 'record'; readonly record: Recorded }
  | { readonly kind: 'idle'; readonly until: Instant };

export interface Folded {
  /** By processor id, then by state key. */
  readonly states: ReadonlyMap<string, ReadonlyMap<StateKey, unknown>>;
  /** Everything written by the list, in order, with the `seq` it must have been given. */
  readonly out: readonly (Draft & { readonly recordedAt: Instant; readonly seq: number })[];
}

/**
 * The oracle of every engine test: what a task that runs `processors` fused, in this order, must have committed after the
 * entries, whatever crashed meanwhile. Written for obviousness: every wake is found by looking at every state.
 * Steps that are not pure are found out by running it on frozen values.
 */
export function fold(processors: readonly AnyProcessor[], partition: number, entries: Iterable<Entry>): Folded {
  const tasks = processors.map((processor) => new Task(processor, partition));
  const out: (Draft & { recordedAt: Instant; seq: number })[] = [];
  const seqs = new Map<string, number>();
  for (const entry of entries) {
    if (entry.kind === 'record') drain([entry.record]);
    else for (const task of tasks) drain(task.advance(entry.until).map(commit));
  }
  return { states: new Map(tasks.map((task) => [task.processor.id, task.states])), out };

  function drain(queue: Recorded[]): void {
    for (let record = queue.shift(); record; record = queue.shift())
      for (const task of tasks) queue.push(...task.accept(record).map(commit));
  }
  function commit(emitted: Emitted): Recorded {
    const seq = seqs.get(emitted.draft.topic) ?? 0;
    seqs.set(emitted.draft.topic, seq + 1);
    out.push({ ...emitted.draft, recordedAt: emitted.at, seq });
    return { ...emitted.draft, partition, offset: seq, seq, recordedAt: emitted.at };
  }
}

interface Emitted {
  readonly draft: Draft;
  readonly at: Instant;
}

class Task {
  readonly processor: AnyProcessor;
  readonly states = new Map<StateKey, unknown>();
  readonly #partition: number;
  readonly #tables: TableSet;
  #now: Instant = 0;
  #watermark: Instant = 0;

  constructor(processor: AnyProcessor, partition: number) {
    this.processor = processor;
    this.#partition = partition;
    this.#tables = new TableSet(processor.tables ?? []);
  }

  accept(record: Recorded): readonly Emitted[] {
    this.#tables.apply(record);
    const input = this.processor.inputs.find(({ topic }) => topic === record.topic);
    // A record of a one-partition topic reaches every task as a table, but only task 0 as an input.
    if (!input || record.partition !== this.#partition) return [];
    const woken = this.advance(record.recordedAt);
    this.#now = Math.max(this.#now, record.recordedAt);
    const reason = input.bad?.(record.value);
    if (reason !== undefined) {
      if (input.onBad === 'stop') throw new Error(`${this.processor.id} stops at a bad record: ${reason}`);
      return [...woken, { draft: deadLetterOf(this.processor.id, record, reason), at: this.#now }];
    }
    this.#watermark = watermarkAfter(this.#watermark, record);
    const states = new Map<StateKey, unknown>();
    for (const key of this.processor.keys(record, this.#tables))
      if (this.states.has(key)) states.set(key, this.states.get(key));
    return [...woken, ...this.#apply(this.processor.step(states, record, this.#context(this.#now)), this.#now)];
  }

  /** Runs every wake due at or before `until`, earliest first, then by key. */
  advance(until: Instant): readonly Emitted[] {
    const emitted: Emitted[] = [];
    for (let due = this.#earliest(); due && due.at <= Math.max(until, this.#now); due = this.#earliest()) {
      const at = Math.max(due.at, this.#now);
      this.#now = at;
      const step = this.processor.wake?.(due.key, due.state, this.#context(at)) ?? { puts: new Map(), out: [] };
      emitted.push(...this.#apply(step, at));
      const again = this.#wakeAt(due.key);
      if (again !== undefined && again <= due.at)
        throw new Error(`${this.processor.id} woke ${due.key} and asked to be woken at the same time again`);
    }
    return emitted;
  }

  #earliest(): { readonly key: StateKey; readonly at: Instant; readonly state: unknown } | undefined {
    let first: { key: StateKey; at: Instant; state: unknown } | undefined;
    for (const [key, state] of this.states) {
      const at = this.#wakeAt(key);
      if (at === undefined) continue;
      if (!first || at < first.at || (at === first.at && key < first.key)) first = { key, at, state };
    }
    return first;
  }

  #wakeAt(key: StateKey): Instant | undefined {
    const state = this.states.get(key);
    return state === undefined ? undefined : this.processor.wakeAt?.(state);
  }

  #apply(step: Step<unknown>, at: Instant): readonly Emitted[] {
    for (const [key, state] of step.puts) {
      if (state === undefined) this.states.delete(key);
      else this.states.set(key, state);
    }
    return step.out.map((draft) => ({ draft, at }));
  }

  #context(now: Instant): Context {
    return { now, watermark: this.#watermark, partition: this.#partition, tables: this.#tables };
  }
}
