import type { Entry, Instant, StateKey } from '@tocsin/core';

/** How far a task has read one input: `next` is a `seq` on single-writer topics, else an offset; `hint` is where to look for it. */
export interface Reached {
  readonly next: number;
  readonly hint: number;
}

/** What is committed with each transaction beside the entries of state. */
export interface Progress {
  readonly now: Instant;
  readonly watermark: Instant;
  readonly reached: ReadonlyMap<string, Reached>;
  /** By table name. */
  readonly tables: ReadonlyMap<string, number>;
  /** By output topic: the next `seq`. */
  readonly seqs: ReadonlyMap<string, number>;
}

export interface StateText {
  readonly text: string;
  readonly version: number;
}

/** What one transaction changes for one processor. */
export interface Change {
  readonly processor: string;
  readonly puts: ReadonlyMap<StateKey, StateText | undefined>;
  readonly progress: Progress;
  readonly entries: readonly Entry[];
}

/** The compacted changelog of one processor's task, and the order in which it took its records. */
export class Changelog {
  readonly states = new Map<StateKey, StateText>();
  readonly entries: Entry[] = [];
  progress: Progress = { now: 0, watermark: 0, reached: new Map(), tables: new Map(), seqs: new Map() };

  apply({ puts, progress, entries }: Change): void {
    for (const [key, state] of puts) {
      if (state === undefined) this.states.delete(key);
      else this.states.set(key, state);
    }
    this.progress = progress;
    this.entries.push(...entries);
  }
}
