import {
  type AnyProcessor,
  type Context,
  type Draft,
  deadLetterOf,
  type Entry,
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
import type { Change, Changelog, Reached, StateText } from './changelog.ts';
import type { Fault } from './fault.ts';
import { deepFreeze, stored } from './frozen.ts';

export interface Emitted {
  readonly draft: Draft;
  readonly at: Instant;
}

interface Held extends StateText {
  readonly value: unknown;
  readonly wakeAt: Instant | undefined;
}

/** One processor of a fused list on one partition: what its member holds in memory, and what of it is not committed yet. */
export class ProcessorTask {
  readonly processor: AnyProcessor;
  readonly #partition: number;
  readonly #fault: Fault | undefined;
  readonly #states = new Map<StateKey, Held>();
  readonly #tables: TableSet;
  readonly #reached: Map<string, Reached>;
  readonly #seqs: Map<string, number>;
  #now: Instant;
  #watermark: Instant;
  #puts = new Map<StateKey, StateText | undefined>();
  #entries: Entry[] = [];

  constructor(
    { processor, partition, fault }: { processor: AnyProcessor; partition: number; fault: Fault | undefined },
    { states, progress }: Changelog,
  ) {
    this.processor = processor;
    this.#partition = partition;
    this.#fault = fault;
    this.#tables = new TableSet(processor.tables ?? []);
    this.#reached = new Map(progress.reached);
    this.#seqs = new Map(fault === 'seq-not-restored' ? [] : progress.seqs);
    this.#now = fault === 'forgotten-log-time' ? 0 : progress.now;
    this.#watermark = progress.watermark;
    for (const [key, { text, version }] of states) this.#hold(key, text, version);
  }

  get tables(): TableSet {
    return this.#tables;
  }

  inputOf(topic: TopicName): Input | undefined {
    if (this.#partition >= partitionCount(topic, Number.POSITIVE_INFINITY)) return undefined;
    return this.processor.inputs.find((input) => input.topic === topic);
  }

  reached(topic: TopicName): Reached {
    return this.#reached.get(topic) ?? { next: 0, hint: 0 };
  }

  /** Where the record stands to what this task has read of its topic. */
  standing(record: Recorded): 'foreign' | 'seen' | 'next' | 'gap' {
    const ofTable = this.#tableStanding(record);
    if (!this.inputOf(record.topic)) return ofTable;
    const { next } = this.reached(record.topic);
    if (topicShape(record.topic).writers === 'many') return record.offset < next ? 'seen' : 'next';
    const seq = record.seq ?? Number.NaN;
    return seq < next ? 'seen' : seq === next ? 'next' : 'gap';
  }

  #tableStanding({ topic, seq = Number.NaN }: Recorded): 'foreign' | 'seen' | 'next' | 'gap' {
    const versions = (this.processor.tables ?? [])
      .filter((table) => table.topic === topic)
      .map((table) => this.#version(table.name));
    if (versions.length === 0) return 'foreign';
    const next = Math.min(...versions) + 1;
    return seq < next ? 'seen' : seq === next ? 'next' : 'gap';
  }

  #version(name: string): number {
    const table = this.processor.tables?.find((one) => one.name === name);
    return table ? this.#tables.get(table).version : -1;
  }

  /** Hands one record over, due wakes first. `hint` is its offset where it was read from the log. */
  accept(record: Recorded, hint: number | undefined): readonly Emitted[] {
    this.#entries.push({ kind: 'record', record });
    this.#tables.apply(record);
    const input = this.inputOf(record.topic);
    if (!input) return [];
    const next = topicShape(record.topic).writers === 'many' ? record.offset : (record.seq ?? 0);
    this.#reached.set(record.topic, { next: next + 1, hint: hint ?? this.reached(record.topic).hint });
    if (this.#fault === 'wakes-after-record') return [...this.#take(input, record), ...this.#wakes(record.recordedAt)];
    return [...this.#wakes(record.recordedAt), ...this.#take(input, record)];
  }

  /** A record it has seen before moves only the hint. */
  pass(record: Recorded): void {
    if (this.inputOf(record.topic))
      this.#reached.set(record.topic, { ...this.reached(record.topic), hint: record.offset + 1 });
  }

  idle(until: Instant): readonly Emitted[] {
    this.#entries.push({ kind: 'idle', until });
    return this.#wakes(until);
  }

  get earliestWake(): Instant | undefined {
    return this.#due()?.wakeAt;
  }

  nextSeq(topic: TopicName): number {
    const seq = this.#seqs.get(topic) ?? 0;
    this.#seqs.set(topic, seq + 1);
    return seq;
  }

  /** What is to be committed since the last call. */
  change(): Change {
    const tables = new Map((this.processor.tables ?? []).map(({ name }) => [name, this.#version(name)]));
    const progress = {
      now: this.#now,
      watermark: this.#watermark,
      reached: new Map(this.#reached),
      tables,
      seqs: new Map(this.#seqs),
    };
    const change = { processor: this.processor.id, puts: this.#puts, progress, entries: this.#entries };
    this.#puts = new Map();
    this.#entries = [];
    return change;
  }

  #take(input: Input, record: Recorded): readonly Emitted[] {
    this.#now = Math.max(this.#now, record.recordedAt);
    const reason = input.bad?.(record.value);
    if (reason !== undefined) return this.#refuse(input, record, reason);
    this.#watermark = watermarkAfter(this.#watermark, record);
    const keys = this.processor.keys(record, this.#tables);
    const states = new Map<StateKey, unknown>();
    for (const key of keys) if (this.#states.has(key)) states.set(key, this.#states.get(key)?.value);
    try {
      return this.#apply(this.processor.step(states, record, this.#context(this.#now)), keys);
    } catch (failure) {
      if (this.#fault === 'throw-skipped') return [];
      throw failure;
    }
  }

  #refuse({ onBad }: Input, record: Recorded, reason: string): readonly Emitted[] {
    if (onBad === 'stop') throw new Error(`bad record: ${reason}`);
    if (this.#fault === 'dead-letter-lost') return [];
    return [{ draft: deadLetterOf(this.processor.id, record, reason), at: this.#now }];
  }

  #wakes(until: Instant): readonly Emitted[] {
    const emitted: Emitted[] = [];
    for (let due = this.#due(); due && due.wakeAt <= Math.max(until, this.#now); due = this.#due()) {
      this.#now = Math.max(due.wakeAt, this.#now);
      const step = this.processor.wake?.(due.key, due.value, this.#context(this.#now));
      if (step) emitted.push(...this.#apply(step, [due.key]));
      const again = this.#states.get(due.key)?.wakeAt;
      if (again !== undefined && again <= due.wakeAt)
        throw new Error(`${due.key} asks to be woken at the same time again`);
    }
    return emitted;
  }

  #due(): { readonly key: StateKey; readonly value: unknown; readonly wakeAt: Instant } | undefined {
    let first: { key: StateKey; value: unknown; wakeAt: Instant } | undefined;
    for (const [key, { value, wakeAt }] of this.#states) {
      if (wakeAt === undefined) continue;
      if (!first || wakeAt < first.wakeAt || (wakeAt === first.wakeAt && key < first.key))
        first = { key, value, wakeAt };
    }
    return first;
  }

  #apply({ puts, out }: Step<unknown>, keys: readonly StateKey[]): readonly Emitted[] {
    for (const [key, state] of puts) {
      if (!keys.includes(key)) throw new Error(`wrote ${key}, which it had not named`);
      if (state === undefined) this.#forget(key);
      else this.#put(key, state);
    }
    return out.map((draft) => ({ draft: { ...draft, value: stored(draft.value) }, at: this.#now }));
  }

  #put(key: StateKey, state: unknown): void {
    const { version } = this.processor.state;
    const text = this.processor.state.encode(state);
    this.#hold(key, text, version);
    this.#puts.set(key, { text, version });
  }

  #hold(key: StateKey, text: string, version: number): void {
    const value = deepFreeze(this.processor.state.decode(text, version));
    this.#states.set(key, { text, version, value, wakeAt: this.processor.wakeAt?.(value) });
  }

  #forget(key: StateKey): void {
    this.#states.delete(key);
    this.#puts.set(key, undefined);
  }

  #context(now: Instant): Context {
    return Object.freeze({ now, watermark: this.#watermark, partition: this.#partition, tables: this.#tables });
  }
}
