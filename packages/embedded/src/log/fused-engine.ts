import { type AnyProcessor, type Instant, LogError, positionKey, type ReadRequest } from '@tocsin/core';
import type { Ends } from './ends.ts';
import { LogReader } from './log-reader.ts';
import type { Placed } from './segment.ts';
import type { SqliteStore } from './sqlite-store.ts';
import { Task } from './task.ts';
import { Transaction } from './transaction.ts';

/** A fused list at work. */
export interface List {
  readonly processors: readonly AnyProcessor[];
  readonly end: (error?: LogError) => void;
}
interface Running extends List {
  /** None until it has its turn to catch up. */
  tasks: readonly Task[];
}

/** A silence that was acted on: what was due by then ran behind all records before this place in the one order. */
export interface Silence {
  readonly until: Instant;
  readonly gid: number;
}

export interface EngineParts {
  readonly store: SqliteStore;
  readonly ends: Ends;
  readonly clock: () => Instant;
  /** Told of records that are durable, in order. */
  readonly onCommitted: (records: readonly Placed[]) => void;
  /** Told after a write that failed, and may have happened all the same: readers must look into the file. */
  readonly onDoubt: () => void;
  /** Told of every silence that is acted on. */
  readonly onSilence?: ((silence: Silence) => void) | undefined;
}

/** A transaction that was made, and is being written. */
export interface Begun {
  /** Resolves when it is on disk, or with the reason why nothing of it is. */
  readonly done: Promise<LogError | undefined>;
}

/** Records read from the log in one transaction while a list catches up. */
const catchUpBatch = 500;

/**
 * Makes transactions: records get their places, pass through every task, and are written together with state and positions.
 * One is made while the one before it is written; whoever calls makes them one after another.
 */
export class FusedEngine {
  readonly #parts: EngineParts;
  #lists: readonly Running[] = [];
  #failure: LogError | undefined;
  #refused = false;
  /** Ends behind the transaction made last, which may still be on its way to the file. */
  #computed: Ends | undefined;
  /** Of the transaction handed to the writer last. */
  #last: Promise<LogError | undefined> = Promise.resolve(undefined);

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Set when a processor threw: nothing is accepted until a list is started again. */
  get failure(): LogError | undefined {
    return this.#failure;
  }

  /** True when the last transaction could not be written, and the next may not be either. */
  get refused(): boolean {
    return this.#refused;
  }

  get processors(): readonly AnyProcessor[] {
    return this.#lists.flatMap(({ processors }) => processors);
  }

  /** Takes a list in; it works once `catchUp` was called. */
  add(list: List): void {
    this.#failure = undefined;
    this.#lists = [...this.#lists, { ...list, tasks: [] }];
  }

  remove(list: List, error?: LogError): void {
    const found = this.#lists.find(({ end }) => end === list.end);
    this.#lists = this.#lists.filter((other) => other !== found);
    found?.end(error);
  }

  /** Brings every list to the end of the log, then runs what is due. Throws `LogError` when that cannot be written. */
  async catchUp(): Promise<void> {
    const { store, ends, clock } = this.#parts;
    await this.drained();
    for (const list of this.#lists) if (list.tasks.length === 0) list.tasks = this.#tasksOf(list);
    const reader = new LogReader({ store, ends, request: this.#behind() });
    for (let rows = reader.next(catchUpBatch); rows.length > 0; rows = reader.next(catchUpBatch)) {
      const batch = rows;
      const failed = await this.transact(0, (transaction) => {
        for (const record of batch) transaction.replay(record);
      });
      if (failed) throw failed;
    }
    await this.idle(clock());
  }

  /** Runs the wakes that are due by `now`, and waits until that is durable. */
  async idle(now: Instant): Promise<void> {
    await (await this.beginIdle(now)).done;
  }

  /** As `begin`, for the wakes that are due by `now`. */
  beginIdle(now: Instant): Promise<Begun> {
    return this.begin(now, (transaction) => {
      if (this.#lists.length === 0) return;
      this.#parts.onSilence?.({ until: now, gid: transaction.ends.gid });
      transaction.idle(now);
    });
  }

  /** One transaction, begun and committed. */
  async transact(now: Instant, work: (transaction: Transaction) => void): Promise<LogError | undefined> {
    return (await this.begin(now, work)).done;
  }

  /**
   * Makes a transaction while the one before it is being written; resolves when that one is on disk and this one is on its way.
   * Nothing of a transaction that fails is kept, nor of the one that was made on top of it. A processor that throws ends every
   * list and refuses appends until the next start; a store that cannot write (disk full) refuses these transactions only.
   */
  async begin(now: Instant, work: (transaction: Transaction) => void): Promise<Begun> {
    const before = this.#last;
    const transaction = new Transaction({
      ends: (this.#computed ?? this.#parts.ends).fork(now),
      tasks: this.#lists.flatMap(({ tasks }) => tasks),
    });
    let sealed: ReturnType<Transaction['seal']>;
    try {
      work(transaction);
      if (transaction.empty) return { done: Promise.resolve(await before) };
      sealed = transaction.seal();
    } catch (error) {
      return { done: Promise.resolve((await before) ?? this.#failed(error)) };
    }
    this.#computed = transaction.ends;
    const failed = await before;
    if (failed) return { done: Promise.resolve(failed) };
    this.#last = this.#write(transaction, sealed);
    return { done: this.#last };
  }

  /** Resolves when nothing is on its way to the file any more. */
  async drained(): Promise<void> {
    await this.#last;
  }

  async #write(
    { ends, records }: Transaction,
    { batch, committed }: ReturnType<Transaction['seal']>,
  ): Promise<LogError | undefined> {
    try {
      await this.#parts.store.writer.commit(batch);
    } catch (error) {
      this.#last = Promise.resolve(undefined);
      return this.#failed(error);
    }
    this.#refused = false;
    this.#parts.ends.adopt(ends);
    committed();
    this.#parts.onCommitted(records);
    return undefined;
  }

  /** When the next wake may be due: exact, or early, never late. */
  nextWake(): Instant | undefined {
    const wakes = this.#lists.flatMap(({ tasks }) => tasks.flatMap((task) => task.nextWake() ?? []));
    return wakes.length === 0 ? undefined : Math.min(...wakes);
  }

  endAll(error?: LogError): void {
    const lists = this.#lists;
    this.#lists = [];
    for (const { end } of lists) end(error);
  }

  #failed(error: unknown): LogError {
    if (error instanceof LogError && error.code === 'stopped') {
      this.#failure = error;
      this.endAll(error);
      return error;
    }
    this.#refused = true;
    const reason = error instanceof Error ? error.message : String(error);
    try {
      this.#startOver();
    } catch (cause) {
      return this.#failed(new LogError('stopped', `the log can be neither written nor read: ${reason}`, { cause }));
    }
    return new LogError('unavailable', `the log could not be written: ${reason}`, { cause: error });
  }

  /** A write that failed may have happened all the same: only the file knows. Everything in memory is read again from it. */
  #startOver(): void {
    const { store, ends, onDoubt } = this.#parts;
    this.#computed = undefined;
    onDoubt();
    ends.reread(store.lasts());
    // A list that waits to catch up gets its tasks then.
    for (const list of this.#lists) if (list.tasks.length > 0) list.tasks = this.#tasksOf(list);
  }

  /** Tasks as of the last commit. */
  #tasksOf({ processors }: List): readonly Task[] {
    return processors.map((processor) => new Task(processor, this.#parts.store));
  }

  #behind(): ReadRequest {
    const tasks = this.#lists.flatMap((list) => list.tasks);
    const topics = [...new Set(tasks.flatMap((task) => task.topics))];
    const from = Object.fromEntries(
      topics.map((topic) => {
        const readers = tasks.filter((task) => task.topics.includes(topic));
        return [positionKey(topic, 0), Math.min(...readers.map((task) => task.nextOf(topic)))];
      }),
    );
    return { topics, from, follow: false, signal: new AbortController().signal };
  }
}
