import {
  type AnyProcessor,
  type Context,
  type Draft,
  deadLetterOf,
  type Instant,
  LogError,
  type Recorded,
  type Step,
  TableSet,
  type TopicName,
  watermarkAfter,
} from '@tocsin/core';
import type { SqliteStore } from './sqlite-store.ts';
import { TaskStates } from './task-states.ts';

/** What a task keeps besides its state; committed with it. */
interface Place {
  readonly now: Instant;
  readonly watermark: Instant;
  /** Next offset to read, by topic. */
  readonly next: Readonly<Record<string, number>>;
}

export interface Emitted {
  readonly draft: Draft;
  readonly at: Instant;
}

/** One processor at work on the one partition of this log. Mirrors `fold` in `core`, with state on disk. */
export class Task {
  readonly processor: AnyProcessor;
  readonly #states: TaskStates;
  readonly #tables: TableSet;
  /** Topics that it reads, as input or table. */
  readonly topics: readonly TopicName[];
  readonly #next: Record<string, number>;
  #now: Instant;
  #watermark: Instant;

  constructor(processor: AnyProcessor, store: SqliteStore) {
    this.processor = processor;
    this.#states = new TaskStates(processor, store);
    this.#tables = new TableSet(processor.tables ?? []);
    const inputs = processor.inputs.map(({ topic }) => topic);
    this.topics = [...new Set([...inputs, ...(processor.tables ?? []).map(({ topic }) => topic)])];
    const note = store.note(noteName(processor));
    const place: Place = note ? (JSON.parse(note) as Place) : { now: 0, watermark: 0, next: {} };
    this.#now = place.now;
    this.#watermark = place.watermark;
    this.#next = { ...place.next };
    for (const table of processor.tables ?? []) this.#refill(table.topic, store);
  }

  /** True while the open transaction has changed state. */
  get dirty(): boolean {
    return this.#states.dirty;
  }

  nextOf(topic: TopicName): number {
    return this.#next[topic] ?? 0;
  }

  /** Takes the record if it is the next of its topic; otherwise a later scan of the log brings it. */
  accept(record: Recorded): readonly Emitted[] {
    if (record.offset !== this.nextOf(record.topic) || !this.topics.includes(record.topic)) return [];
    this.#next[record.topic] = record.offset + 1;
    this.#tables.apply(record);
    const input = this.processor.inputs.find(({ topic }) => topic === record.topic);
    if (!input) return [];
    const woken = this.advance(record.recordedAt);
    this.#now = Math.max(this.#now, record.recordedAt);
    const reason = input.bad?.(record.value);
    if (reason !== undefined && input.onBad === 'stop') throw this.#stopped(nameOf(record), reason);
    if (reason !== undefined)
      return [...woken, { draft: deadLetterOf(this.processor.id, record, reason), at: this.#now }];
    this.#watermark = watermarkAfter(this.#watermark, record);
    const step = this.#guard(nameOf(record), () => this.#step(record));
    return woken.length === 0 ? step : [...woken, ...step];
  }

  /** Runs every wake due at or before `until`, earliest first, then by key. */
  advance(until: Instant): readonly Emitted[] {
    const emitted: Emitted[] = [];
    const limit = Math.max(until, this.#now);
    for (let due = this.#states.due(limit); due; due = this.#states.due(limit)) {
      const { at, key } = due;
      this.#states.drop();
      this.#now = Math.max(at, this.#now);
      emitted.push(...this.#guard(`wake of ${key}`, () => this.#wake(key, at)));
    }
    return emitted;
  }

  nextWake(): Instant | undefined {
    return this.#states.nextWake();
  }

  /** Ends this task's part of the open transaction; see `TaskStates`. */
  seal(): ReturnType<TaskStates['seal']> {
    return this.#states.seal();
  }

  note(): readonly [string, string] {
    const place: Place = { now: this.#now, watermark: this.#watermark, next: this.#next };
    return [noteName(this.processor), JSON.stringify(place)];
  }

  #step(record: Recorded): readonly Emitted[] {
    const states = new Map<string, unknown>();
    const keys = this.processor.keys(record, this.#tables);
    for (const key of keys) {
      const state = this.#states.get(key);
      if (state !== undefined) states.set(key, state);
    }
    return this.#apply(this.processor.step(states, record, this.#context()), keys);
  }

  #wake(key: string, at: Instant): readonly Emitted[] {
    const state = this.#states.get(key);
    if (state === undefined || !this.processor.wake) return [];
    const emitted = this.#apply(this.processor.wake(key, state, this.#context()), [key]);
    const after = this.#states.get(key);
    const again = after === undefined ? undefined : this.processor.wakeAt?.(after);
    if (again !== undefined && again <= at) throw new Error('it asked to be woken at the same time again');
    return emitted;
  }

  #apply({ puts, out }: Step<unknown>, keys: readonly string[]): readonly Emitted[] {
    for (const [key, state] of puts) {
      if (!keys.includes(key)) throw new Error(`it writes the entry ${key}, which it did not name`);
      this.#states.put(key, state);
    }
    for (const { topic } of out)
      if (!this.processor.outputs.includes(topic)) throw new Error(`it does not declare the output ${topic}`);
    return out.map((draft) => ({ draft, at: this.#now }));
  }

  #context(): Context {
    return { now: this.#now, watermark: this.#watermark, partition: 0, tables: this.#tables };
  }

  #guard(what: string, work: () => readonly Emitted[]): readonly Emitted[] {
    try {
      return work();
    } catch (error) {
      throw this.#stopped(what, error instanceof Error ? error.message : String(error), error);
    }
  }

  #stopped(what: string, reason: string, cause?: unknown): LogError {
    return new LogError('stopped', `${this.processor.id} stopped at ${what}: ${reason}`, { cause });
  }

  /** Tables are the fold of their topic up to where this task had got. */
  #refill(topic: TopicName, store: SqliteStore): void {
    const end = this.nextOf(topic);
    for (let at = 0; at < end; ) {
      const rows = store.records(topic, at, Math.min(1_000, end - at));
      if (rows.length === 0) return;
      for (const { record } of rows) this.#tables.apply(record);
      at += rows.length;
    }
  }
}

const noteName = (processor: AnyProcessor): string => `task:${processor.id}`;
const nameOf = ({ topic, partition, offset }: Recorded): string => `${topic}/${partition}@${offset}`;
