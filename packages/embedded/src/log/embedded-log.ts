import {
  type AnyProcessor,
  type Append,
  type EventLog,
  type Instant,
  LogError,
  type Position,
  type Positions,
  positionKey,
  type ReadRequest,
  type Recorded,
  sizes,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import { Ends } from './ends.ts';
import type { Follower } from './follower.ts';
import { LogReader } from './log-reader.ts';
import { SqliteStore } from './sqlite-store.ts';
import { Task } from './task.ts';
import { Transaction } from './transaction.ts';

export interface EmbeddedLogOptions {
  /** Path of the SQLite file, or `:memory:`. */
  readonly path: string;
  /** Milliseconds since the epoch; the wall clock unless a test brings its own. */
  readonly clock?: () => Instant;
}

interface Pending {
  readonly records: readonly { readonly draft: Append; readonly text: string }[];
  readonly notes: readonly (readonly [string, string])[];
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (error: unknown) => void;
}

interface Running {
  readonly processors: readonly AnyProcessor[];
  tasks: readonly Task[];
  readonly stop: (error?: unknown) => void;
}

/** Records taken into one transaction at most; more wait for the next. */
const maxBatch = 1_000;
/** Records read from the log in one transaction while a list catches up. */
const catchUpBatch = 500;
const longestTimer = 2 ** 31 - 1;

/**
 * The event log on one machine: one file, one partition. Appends that arrive in the same turn of the event loop share one
 * transaction, and all running processors work inside it, so intake to delivery instruction costs one fsync.
 */
export class EmbeddedLog implements EventLog {
  readonly partitions = 1;
  readonly #store: SqliteStore;
  readonly #clock: () => Instant;
  readonly #ends: Ends;
  readonly #followers = new Set<Follower>();
  #pending: Pending[] = [];
  #lists: Running[] = [];
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #failure: LogError | undefined;
  #closed = false;

  constructor({ path, clock = Date.now }: EmbeddedLogOptions) {
    this.#store = new SqliteStore(path);
    this.#clock = clock;
    this.#ends = new Ends(this.#store.lasts());
  }

  append(records: readonly Append[]): Promise<readonly Position[]> {
    const prepared = records.map((draft) => ({ draft, text: textOf(draft) }));
    const refusal = this.#refusal(prepared);
    if (refusal) return Promise.reject(refusal);
    return this.#enqueue({ records: prepared, notes: [] });
  }

  async run(processors: readonly AnyProcessor[], signal: AbortSignal): Promise<void> {
    this.#refuseConflicts(processors);
    this.#failure = undefined;
    await new Promise<void>((resolve, reject) => {
      const list: Running = {
        processors,
        tasks: processors.map((processor) => new Task(processor, this.#store)),
        stop: (error) => {
          this.#lists = this.#lists.filter((other) => other !== list);
          if (error === undefined) resolve();
          else reject(error as Error);
        },
      };
      if (signal.aborted) return resolve();
      signal.addEventListener('abort', () => list.stop(), { once: true });
      this.#lists = [...this.#lists, list];
      this.#attempt(() => this.#catchUp());
      this.#arm();
    });
  }

  read(request: ReadRequest): AsyncIterable<readonly Recorded[]> {
    const reader = new LogReader({ store: this.#store, ends: this.#ends, request });
    return reader.batches((follower) => {
      this.#followers.add(follower);
      return () => this.#followers.delete(follower);
    });
  }

  ends(topics: readonly TopicName[]): Promise<Positions> {
    return Promise.resolve(Object.fromEntries(topics.map((topic) => [positionKey(topic, 0), this.#ends.of(topic)])));
  }

  positions(reader: string): Promise<Positions> {
    const note = this.#store.note(`reader:${reader}`);
    return Promise.resolve(note ? (JSON.parse(note) as Positions) : {});
  }

  async save(reader: string, positions: Positions): Promise<void> {
    if (this.#closed) throw new LogError('closed', 'the log is closed');
    await this.#enqueue({ records: [], notes: [[`reader:${reader}`, JSON.stringify(positions)]] });
  }

  /** Every state entry of a processor as committed, for tests and inspection. */
  states(processor: AnyProcessor): ReadonlyMap<string, unknown> {
    const rows = this.#store.states(processor.id);
    return new Map(rows.map(({ key, value, version }) => [key, processor.state.decode(value, version)]));
  }

  /** One state entry of a processor as committed. */
  state(processor: AnyProcessor, key: string): unknown {
    const row = this.#store.state(processor.id, key);
    return row && processor.state.decode(row.value, row.version);
  }

  /** Runs what is due by the clock; otherwise a timer does it. */
  idle(): void {
    this.#attempt(() => this.#idle(this.#clock()));
    this.#arm();
  }

  /** Commits what is pending, ends all runs and readers, and lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#flush();
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const list of this.#lists) list.stop();
    for (const follower of this.#followers) follower.end();
    await Promise.resolve();
    this.#store.close();
  }

  #refusal(records: readonly { readonly draft: Append; readonly text: string }[]): LogError | undefined {
    if (this.#closed) return new LogError('closed', 'the log is closed');
    if (this.#failure) return this.#failure;
    for (const { draft, text } of records) {
      if (topicShape(draft.topic).writers === 'one')
        return new LogError('single_writer', `${draft.topic} is written by its processor only`);
      const { maxBytes = sizes.record } = topicShape(draft.topic);
      if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes)
        return new LogError('too_large', `a record for ${draft.topic} is longer than ${maxBytes} bytes`);
    }
    return undefined;
  }

  #refuseConflicts(processors: readonly AnyProcessor[]): void {
    if (this.#closed) throw new LogError('closed', 'the log is closed');
    const running = [...this.#lists.flatMap((list) => list.processors), ...processors];
    const ids = running.map(({ id }) => id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice) throw new LogError('single_writer', `processor ${twice} is running already`);
    const outputs = running.flatMap((processor) => processor.outputs);
    const shared = outputs.find((topic, at) => outputs.indexOf(topic) !== at);
    if (shared) throw new LogError('single_writer', `${shared} has two processors that write it`);
  }

  #enqueue(what: Pick<Pending, 'records' | 'notes'>): Promise<readonly Position[]> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ ...what, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    this.#scheduled = false;
    while (this.#pending.length > 0 && !this.#closed) this.#commitPending(this.#takePending());
    this.#arm();
  }

  #takePending(): readonly Pending[] {
    let count = 0;
    let size = 0;
    while (count < this.#pending.length && size < maxBatch) {
      size += this.#pending[count]?.records.length ?? 0;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  #commitPending(batch: readonly Pending[]): void {
    if (this.#failure) {
      for (const { reject } of batch) reject(this.#failure);
      return;
    }
    const acks: (readonly Position[])[] = [];
    const failed = this.#attempt(() => {
      const transaction = this.#begin(this.#clock());
      for (const { records, notes } of batch) {
        acks.push(records.map(({ draft, text }) => transaction.append(draft, text)));
        for (const [name, text] of notes) transaction.note(name, text);
      }
      this.#finish(transaction);
    });
    batch.forEach(({ resolve, reject }, at) => {
      if (failed) reject(failed);
      else resolve(acks[at] ?? []);
    });
  }

  /** Brings every list to the end of the log, then runs what is due. */
  #catchUp(): void {
    const reader = new LogReader({ store: this.#store, ends: this.#ends, request: this.#behind() });
    for (let rows = reader.next(catchUpBatch); rows.length > 0; rows = reader.next(catchUpBatch)) {
      const transaction = this.#begin(0);
      for (const record of rows) transaction.replay(record);
      this.#finish(transaction);
    }
    this.#idle(this.#clock());
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

  #idle(now: Instant): void {
    if (this.#lists.length === 0) return;
    const transaction = this.#begin(now);
    transaction.idle(now);
    if (transaction.empty) return;
    this.#finish(transaction);
  }

  #begin(now: Instant): Transaction {
    return new Transaction({ ends: this.#ends.fork(now), tasks: this.#lists.flatMap((list) => list.tasks) });
  }

  #finish(transaction: Transaction): void {
    const batch = transaction.batch();
    this.#store.commit(batch);
    this.#ends.adopt(transaction.ends);
    transaction.committed();
    if (this.#followers.size === 0) return;
    const records = batch.records.map(({ record }) => record);
    for (const follower of this.#followers) follower.offer(records);
  }

  /**
   * Nothing of a transaction that fails is kept. A processor that throws stops every list and refuses appends until the next
   * `run`; a store that cannot write (disk full) refuses this batch only.
   */
  #attempt(work: () => void): LogError | undefined {
    try {
      work();
      return undefined;
    } catch (error) {
      if (error instanceof LogError && error.code === 'stopped') {
        this.#failure = error;
        for (const list of this.#lists) list.stop(error);
        return error;
      }
      for (const list of this.#lists) list.tasks = list.processors.map((processor) => new Task(processor, this.#store));
      const reason = error instanceof Error ? error.message : String(error);
      return new LogError('unavailable', `the log could not be written: ${reason}`, { cause: error });
    }
  }

  /** Wakes come in time even when nothing is appended. */
  #arm(): void {
    clearTimeout(this.#timer);
    if (this.#closed) return;
    let next: Instant | undefined;
    for (const list of this.#lists)
      for (const task of list.tasks) {
        const at = task.nextWake();
        if (at !== undefined && (next === undefined || at < next)) next = at;
      }
    if (next === undefined) return;
    const wait = Math.min(Math.max(next - this.#clock(), 1), longestTimer);
    this.#timer = setTimeout(() => this.idle(), wait);
    this.#timer.unref();
  }
}

const textOf = ({ topic, value }: Append): string =>
  topicShape(topic).text && typeof value === 'string' ? value : JSON.stringify(value ?? null);
