import {
  type AnyProcessor,
  type Context,
  type Draft,
  deadLetterOf,
  type Input,
  type Instant,
  partitionCount,
  type Recorded,
  type StateKey,
  type Step,
  TableSet,
  type TopicName,
  topicShape,
  watermarkAfter,
} from '@tocsin/core';
import type { Progress, Reached } from './progress.ts';
import { Unreadable } from './record-codec.ts';
import { TaskStates } from './task-states.ts';

export interface Emitted {
  readonly draft: Draft;
  readonly at: Instant;
}

/** Where a record stands to what a task has read of its topic. */
export type Standing = 'foreign' | 'seen' | 'next' | 'gap';

/** One processor of a fused list on one partition, as its member holds it in memory. Mirrors `fold` in `core`. */
export class ProcessorTask {
  readonly processor: AnyProcessor;
  readonly states: TaskStates;
  readonly tables: TableSet;
  readonly #partition: number;
  readonly #reached = new Map<string, Reached>();
  readonly #seqs = new Map<string, number>();
  readonly #written = new Map<string, number>();
  #now: Instant = 0;
  #watermark: Instant = 0;

  constructor(processor: AnyProcessor, partition: number) {
    this.processor = processor;
    this.states = new TaskStates(processor);
    this.tables = new TableSet(processor.tables ?? []);
    this.#partition = partition;
  }

  /** Goes on from what was committed; the tables are brought to their versions by `refill`. */
  restore({ now, watermark, reached, seqs, written }: Progress): void {
    this.#now = now;
    this.#watermark = watermark;
    for (const [topic, place] of Object.entries(reached)) this.#reached.set(topic, place);
    for (const [topic, seq] of Object.entries(seqs)) this.#seqs.set(topic, seq);
    for (const [topic, offset] of Object.entries(written)) this.#written.set(topic, offset);
  }

  /** What the task had seen of a table before: no step follows from it. */
  refill(record: Recorded, versions: Progress['tables']): void {
    for (const { name, topic } of this.processor.tables ?? [])
      if (topic === record.topic && (record.seq ?? 0) <= (versions[name] ?? -1)) this.tables.apply(record);
  }

  inputOf(topic: TopicName): Input | undefined {
    if (this.#partition >= partitionCount(topic, Number.POSITIVE_INFINITY)) return undefined;
    return this.processor.inputs.find((input) => input.topic === topic);
  }

  reached(topic: TopicName): Reached {
    return this.#reached.get(topic) ?? { next: 0, hint: 0 };
  }

  standing(record: Recorded): Standing {
    if (!this.inputOf(record.topic)) return this.#tableStanding(record);
    const { next } = this.reached(record.topic);
    if (topicShape(record.topic).writers === 'many') return record.offset < next ? 'seen' : 'next';
    return standingOf(record.seq, next);
  }

  #tableStanding({ topic, seq }: Recorded): Standing {
    const tables = (this.processor.tables ?? []).filter((table) => table.topic === topic);
    if (tables.length === 0) return 'foreign';
    return standingOf(seq, Math.min(...tables.map((table) => this.tables.get(table).version)) + 1);
  }

  /** Hands one record over, due wakes first. `hint` is the offset after it where it was read from the log. */
  accept(record: Recorded, hint: number | undefined): readonly Emitted[] {
    this.tables.apply(record);
    const input = this.inputOf(record.topic);
    if (!input) return [];
    const place = topicShape(record.topic).writers === 'many' ? record.offset : (record.seq ?? 0);
    this.#reached.set(record.topic, { next: place + 1, hint: hint ?? this.reached(record.topic).hint });
    const woken = this.advance(record.recordedAt);
    const taken = this.#take(input, record);
    return woken.length === 0 ? taken : [...woken, ...taken];
  }

  /** Where to look next time, when the log has told more about it than the records that were taken. */
  point(topic: TopicName, hint: number): void {
    const before = this.reached(topic);
    if (this.inputOf(topic) && hint > before.hint) this.#reached.set(topic, { next: before.next, hint });
  }

  /** Runs every wake due at or before `until`, earliest first, then by key. */
  advance(until: Instant): readonly Emitted[] {
    const emitted: Emitted[] = [];
    for (let due = this.#due(until); due; due = this.#due(until)) {
      const { at, key } = due;
      this.states.woken(due);
      this.#now = Math.max(at, this.#now);
      const state = this.states.get(key);
      const step = state === undefined ? undefined : this.processor.wake?.(key, state, this.#context());
      if (step) emitted.push(...this.#apply(step, [key]));
      const again = this.states.wakeOf(key);
      if (again !== undefined && again <= at) throw new Error(`${key} asks to be woken at the same time again`);
    }
    return emitted;
  }

  get earliestWake(): Instant | undefined {
    return this.states.due(Number.POSITIVE_INFINITY)?.at;
  }

  takeSeq(topic: TopicName): number {
    const seq = this.#seqs.get(topic) ?? 0;
    this.#seqs.set(topic, seq + 1);
    return seq;
  }

  /** Where the log has put what this task wrote last. */
  wrote(topic: TopicName, offset: number): void {
    if (this.#seqs.has(topic)) this.#written.set(topic, offset);
  }

  nextSeq(topic: TopicName): number {
    return this.#seqs.get(topic) ?? 0;
  }

  /** What the changelog has to say of it now. */
  progress(writer: string): Progress {
    const tables = (this.processor.tables ?? []).map((table) => [table.name, this.tables.get(table).version] as const);
    return {
      now: this.#now,
      watermark: this.#watermark,
      reached: Object.fromEntries(this.#reached),
      tables: Object.fromEntries(tables),
      seqs: Object.fromEntries(this.#seqs),
      written: Object.fromEntries(this.#written),
      writer,
    };
  }

  #due(until: Instant) {
    return this.states.due(Math.max(until, this.#now));
  }

  #take(input: Input, record: Recorded): readonly Emitted[] {
    this.#now = Math.max(this.#now, record.recordedAt);
    const reason = record.value instanceof Unreadable ? record.value.reason : input.bad?.(record.value);
    if (reason !== undefined) return this.#refuse(input, record, reason);
    this.#watermark = watermarkAfter(this.#watermark, record);
    const keys = this.processor.keys(record, this.tables);
    const states = new Map<StateKey, unknown>();
    for (const key of keys) {
      const state = this.states.get(key);
      if (state !== undefined) states.set(key, state);
    }
    return this.#apply(this.processor.step(states, record, this.#context()), keys);
  }

  #refuse({ onBad }: Input, record: Recorded, reason: string): readonly Emitted[] {
    if (onBad === 'stop') throw new Error(`bad record: ${reason}`);
    const { value } = record;
    const shown = value instanceof Unreadable ? { base64: value.bytes.toString('base64') } : value;
    return [{ draft: deadLetterOf(this.processor.id, { ...record, value: shown }, reason), at: this.#now }];
  }

  #apply({ puts, out }: Step<unknown>, keys: readonly StateKey[]): readonly Emitted[] {
    for (const [key, state] of puts) {
      if (!keys.includes(key)) throw new Error(`it writes the entry ${key}, which it did not name`);
      this.states.put(key, state);
    }
    return out.map((draft) => ({ draft, at: this.#now }));
  }

  #context(): Context {
    return { now: this.#now, watermark: this.#watermark, partition: this.#partition, tables: this.tables };
  }
}

const standingOf = (seq: number | undefined, next: number): Standing =>
  seq !== undefined && seq < next ? 'seen' : seq === next ? 'next' : 'gap';
