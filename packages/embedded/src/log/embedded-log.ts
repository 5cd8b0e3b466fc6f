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
  type TopicName,
} from '@tocsin/core';
import { Ends } from './ends.ts';
import type { Follower } from './follower.ts';
import { FusedEngine, type List, type Silence } from './fused-engine.ts';
import { LogReader } from './log-reader.ts';
import { type Pending, PendingAppends, prepare, settle, type Waiting } from './pending-appends.ts';
import { Serial } from './serial.ts';
import { SqliteStore } from './sqlite-store.ts';

export interface EmbeddedLogOptions {
  /** Path of the SQLite file, or `:memory:`; or the opened file itself. */
  readonly path?: string;
  readonly store?: SqliteStore;
  /** Milliseconds since the epoch; the wall clock unless a test brings its own. */
  readonly clock?: () => Instant;
  /** Told of every silence that is acted on, for tests that compare with `fold`. */
  readonly onSilence?: (silence: Silence) => void;
}

const longestTimer = 2 ** 31 - 1;
/** Milliseconds from one silence to the next: wakes that follow each other closely share a transaction. */
const betweenSilences = 20;
/** A wake that could not be written is tried again after this many milliseconds. */
const untilWritable = 1_000;

/**
 * The event log on one machine: one file, one partition. Appends that arrive while a transaction is being written share the
 * next one, and all running processors work inside it, so intake to delivery instruction costs one fsync. A thread of its own
 * writes; everything else happens on the thread of the caller.
 */
export class EmbeddedLog implements EventLog {
  readonly partitions = 1;
  readonly #store: SqliteStore;
  readonly #clock: () => Instant;
  readonly #ends: Ends;
  readonly #engine: FusedEngine;
  readonly #followers = new Set<Follower>();
  /** Transactions are made one after another; the next one is made while the last one is written. */
  readonly #turns = new Serial();
  readonly #pending = new PendingAppends();
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #timerAt: Instant | undefined;
  /** Monotonic: the clock may be set back. */
  #actedAt = 0;
  #closed = false;

  constructor({ path = ':memory:', store = new SqliteStore(path), clock = Date.now, onSilence }: EmbeddedLogOptions) {
    this.#store = store;
    this.#clock = clock;
    this.#ends = new Ends(this.#store.lasts());
    this.#engine = new FusedEngine({
      store: this.#store,
      ends: this.#ends,
      clock,
      onSilence,
      onCommitted: (records) => {
        for (const follower of this.#followers) follower.offer(records);
      },
      onDoubt: () => {
        for (const follower of this.#followers) follower.doubt();
      },
    });
  }

  append(records: readonly Append[]): Promise<readonly Position[]> {
    const prepared = records.map(prepare);
    const refusal = this.#refusal() ?? this.#pending.refusal(prepared);
    return refusal ? Promise.reject(refusal) : this.#enqueue({ records: prepared, notes: [] });
  }

  async run(processors: readonly AnyProcessor[], signal: AbortSignal): Promise<void> {
    this.#refuseConflicts(processors);
    if (signal.aborted) return;
    await new Promise<void>((resolve, reject) => {
      const list: List = { processors, end: (error) => (error ? reject(error) : resolve()) };
      this.#engine.add(list);
      const stop = () =>
        void this.#turns.run(async () => {
          await this.#engine.drained();
          this.#engine.remove(list);
        });
      signal.addEventListener('abort', stop, { once: true });
      this.#turns
        .run(() => this.#engine.catchUp())
        .then(() => this.#arm())
        .catch((error: unknown) => {
          if (error instanceof LogError) this.#engine.remove(list, error);
          else reject(error as Error);
        });
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

  /** Runs what is due by the clock, after what was asked before; otherwise a timer does it. Resolves with the time it acted on. */
  async idle(): Promise<Instant> {
    const { reached, begun } = await this.#turns.run(async () => {
      const reached = this.#clock();
      this.#actedAt = performance.now();
      return { reached, begun: this.#closed ? undefined : await this.#engine.beginIdle(reached) };
    });
    await begun?.done;
    this.#arm();
    return reached;
  }

  /** Resolves when the signal has aborted. Rejects as soon as nothing can be written any more: only a new process helps then. */
  async watch(signal: AbortSignal): Promise<void> {
    const { broken } = this.#store.writer;
    await new Promise<void>((resolve) => {
      if (signal.aborted || broken.aborted) resolve();
      for (const either of [signal, broken]) either.addEventListener('abort', () => resolve(), { once: true });
    });
    broken.throwIfAborted();
  }

  /** Commits what is pending, ends all runs and readers, and lets go of the file. */
  async close(): Promise<void> {
    if (this.#closed) return;
    const last = this.#turns.run(async () => {
      while (!this.#pending.empty) await this.#commit();
      await this.#engine.drained();
    });
    this.#closed = true;
    await last;
    clearTimeout(this.#timer);
    this.#engine.endAll();
    for (const follower of this.#followers) follower.end();
    await this.#store.close();
  }

  #refusal(): LogError | undefined {
    return this.#closed ? new LogError('closed', 'the log is closed') : this.#engine.failure;
  }

  #enqueue(what: Waiting): Promise<readonly Position[]> {
    const done = this.#pending.add(what);
    if (this.#scheduled) return done;
    this.#scheduled = true;
    setImmediate(() => void this.#turns.run(() => this.#turn()));
    return done;
  }

  #refuseConflicts(processors: readonly AnyProcessor[]): void {
    if (this.#closed) throw new LogError('closed', 'the log is closed');
    const running = [...this.#engine.processors, ...processors];
    const ids = running.map(({ id }) => id);
    const twice = ids.find((id, at) => ids.indexOf(id) !== at);
    if (twice) throw new LogError('single_writer', `processor ${twice} is running already`);
    const outputs = running.flatMap((processor) => processor.outputs);
    const shared = outputs.find((topic, at) => outputs.indexOf(topic) !== at);
    if (shared) throw new LogError('single_writer', `${shared} has two processors that write it`);
  }

  /** One transaction a turn: an endless stream of appends must not keep wakes, runs and stops waiting. */
  async #turn(): Promise<void> {
    await this.#commit();
    this.#arm();
    if (this.#pending.empty) this.#scheduled = false;
    else void this.#turns.run(() => this.#turn());
  }

  async #commit(): Promise<void> {
    const { failure } = this.#engine;
    const batch: Pending[] = [];
    if (this.#pending.empty) return;
    if (failure) return settle([...this.#pending.take()], [], failure);
    const acks: (readonly Position[])[] = [];
    const { done } = await this.#engine.begin(this.#clock(), (transaction) => {
      for (const pending of this.#pending.take()) {
        batch.push(pending);
        acks.push(pending.records.map(({ draft, text }) => transaction.append(draft, text)));
        for (const [name, text] of pending.notes) transaction.note(name, text);
      }
    });
    void done.then((failed) => {
      settle(batch, acks, failed);
      // The wakes that it had run or put off are due as they were before.
      if (failed) this.#arm();
    });
  }

  /** Wakes come in time even when nothing is appended. */
  #arm(): void {
    const next = this.#closed ? undefined : this.#engine.nextWake();
    if (next === this.#timerAt) return;
    clearTimeout(this.#timer);
    this.#timerAt = next;
    if (next === undefined) return;
    const soonest = this.#engine.refused ? untilWritable : 1;
    const pause = this.#actedAt + betweenSilences - performance.now();
    const wait = Math.min(Math.max(next - this.#clock(), pause, soonest), longestTimer);
    this.#timer = setTimeout(() => {
      this.#timerAt = undefined;
      void this.idle();
    }, wait);
    this.#timer.unref();
  }
}
