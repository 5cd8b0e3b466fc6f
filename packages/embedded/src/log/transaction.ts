import type { Append, Instant, Position, Recorded } from '@tocsin/core';
import { packed } from './batch-packing.ts';
import type { Ends } from './ends.ts';
import { type Placed, storedText } from './segment.ts';
import type { Batch } from './sqlite-writer.js';
import type { Emitted, Task } from './task.ts';

/** One transaction in the making: records get their places, and pass through every task, before anything is written. */
export class Transaction {
  readonly ends: Ends;
  readonly #tasks: readonly Task[];
  readonly #records: Placed[] = [];
  readonly #notes = new Map<string, string>();
  #replayed = false;

  constructor({ ends, tasks }: { readonly ends: Ends; readonly tasks: readonly Task[] }) {
    this.ends = ends;
    this.#tasks = tasks;
  }

  /** Nothing to write: no record, no position, no state that changed. */
  get empty(): boolean {
    if (this.#records.length > 0 || this.#notes.size > 0 || this.#replayed) return false;
    return this.#tasks.every((task) => !task.dirty);
  }

  append(draft: Append, text: string): Position {
    const { topic, key, value, occurredAt } = draft;
    const { offset, gid } = this.ends.take(topic);
    const recordedAt = this.ends.now;
    const record: Recorded = {
      topic,
      partition: 0,
      offset,
      key,
      value,
      recordedAt,
      ...(occurredAt !== undefined && { occurredAt }),
    };
    this.#records.push({ gid, record, text });
    this.replay(record);
    return { topic, partition: 0, offset };
  }

  /** Hands a record that stands in the log to the tasks that have not had it. */
  replay(record: Recorded): void {
    this.#replayed = true;
    this.#drain([record]);
  }

  /** Silence up to `now`: each task's wakes, and what follows from them, before the next task's. */
  idle(now: Instant): void {
    for (const task of this.#tasks) {
      const queue: Recorded[] = [];
      this.#write(task.advance(now), queue);
      this.#drain(queue);
    }
  }

  note(name: string, text: string): void {
    this.#notes.set(name, text);
  }

  get records(): readonly Placed[] {
    return this.#records;
  }

  /** Nothing is added any more: what is to be written, and what is to be called once it is on disk. */
  seal(): { readonly batch: Batch; readonly committed: () => void } {
    for (const task of this.#tasks) this.#notes.set(...task.note());
    const sealed = this.#tasks.map((task) => task.seal());
    return {
      batch: packed({
        records: this.#records,
        puts: sealed.flatMap(({ puts }) => puts),
        notes: this.#notes,
      }),
      committed: () => {
        for (const { committed } of sealed) committed();
      },
    };
  }

  /** First in, first out: what was written first is handed on first, also when wakes wrote several records. */
  #drain(queue: Recorded[]): void {
    for (let at = 0; at < queue.length; at += 1) {
      const next = queue[at];
      if (next) for (const task of this.#tasks) this.#write(task.accept(next), queue);
    }
  }

  #write(emitted: readonly Emitted[], queue: Recorded[]): void {
    for (const { draft, at } of emitted) {
      const { topic, key, value, occurredAt } = draft;
      const { offset, gid } = this.ends.take(topic);
      const record: Recorded = {
        topic,
        partition: 0,
        offset,
        seq: offset,
        key,
        value,
        recordedAt: at,
        ...(occurredAt !== undefined && { occurredAt }),
      };
      this.#records.push({ gid, record, text: storedText(topic, value) });
      queue.push(record);
    }
  }
}
