import {
  type AnyProcessor,
  type Append,
  type Entry,
  type EventLog,
  type Instant,
  LogError,
  partitionCount,
  type Position,
  type Positions,
  positionKey,
  type ReadRequest,
  type Recorded,
  type StateKey,
  sizes,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import type { Fault } from './fault.ts';
import { Scheduler } from './scheduler.ts';
import { SimulatedAppend } from './simulated-append.ts';
import { calm, type Chaos, SimulatedList } from './simulated-list.ts';
import { SimulatedReader } from './simulated-reader.ts';
import { Store } from './store.ts';

export interface SimulationOptions {
  /** Decides everything that is left to chance. */
  readonly seed: number;
  /** Log append time. Move it, then call `settled`. */
  readonly clock: () => Instant;
  /** @default 4 */
  readonly partitions?: number;
  /** Simulated processes that share the tasks of a list. @default 3 */
  readonly members?: number;
  /** @default calm */
  readonly chaos?: Chaos;
  /** @default 1,000,000 between two calls of `settled` */
  readonly maxSteps?: number;
  /** Only for tests of the suites. */
  readonly fault?: Fault;
}

/**
 * An event log in memory that behaves as badly as Kafka may: several partitions, late delivery, aborted transactions that
 * leave gaps, members that crash between any two awaits, tasks that move, former owners that go on writing until they are
 * fenced. The same seed gives the same run.
 */
export class SimulatedLog implements EventLog {
  readonly partitions: number;
  readonly #options: SimulationOptions;
  readonly #store: Store;
  readonly #scheduler: Scheduler;
  readonly #lists = new Set<SimulatedList>();
  readonly #inFlight = new Set<SimulatedAppend>();
  readonly #readers = new Set<SimulatedReader>();
  #closed = false;

  constructor(options: SimulationOptions) {
    this.partitions = options.partitions ?? 4;
    this.#options = options;
    this.#store = new Store(this.partitions, options.fault);
    this.#scheduler = new Scheduler(options.seed, options.maxSteps ?? 1_000_000);
  }

  async append(records: readonly Append[]): Promise<readonly Position[]> {
    this.#open();
    for (const record of records) this.#admit(record);
    if (records.length === 0) return [];
    const { clock, fault } = this.#options;
    const append = new SimulatedAppend({ store: this.#store, scheduler: this.#scheduler, clock, records });
    this.#inFlight.add(append);
    void append.done.then(() => this.#inFlight.delete(append));
    if (fault === 'append-not-durable') return this.#early(records);
    return append.done;
  }

  async run(processors: readonly AnyProcessor[], signal: AbortSignal): Promise<void> {
    this.#open();
    this.#refuseTwice(processors);
    if (signal.aborted) return;
    const { clock, chaos = calm, members = 3 } = this.#options;
    const list = new SimulatedList({
      store: this.#store,
      scheduler: this.#scheduler,
      processors,
      clock,
      chaos,
      members,
    });
    this.#lists.add(list);
    const stop = () => list.stop();
    signal.addEventListener('abort', stop, { once: true });
    try {
      await list.done;
    } finally {
      signal.removeEventListener('abort', stop);
      this.#lists.delete(list);
    }
  }

  async *read(request: ReadRequest): AsyncGenerator<readonly Recorded[]> {
    this.#open();
    const reader = new SimulatedReader(this.#store, this.#scheduler, request);
    this.#readers.add(reader);
    try {
      yield* reader.batches();
    } finally {
      this.#readers.delete(reader);
    }
  }

  async ends(topics: readonly TopicName[]): Promise<Positions> {
    const ends: Record<string, number> = {};
    for (const topic of topics)
      for (let partition = 0; partition < partitionCount(topic, this.partitions); partition++)
        ends[positionKey(topic, partition)] = this.#store.log(topic, partition).stableEnd;
    return ends;
  }

  async positions(reader: string): Promise<Positions> {
    return this.#store.saved.get(reader) ?? {};
  }

  async save(reader: string, positions: Positions): Promise<void> {
    this.#open();
    this.#store.saved.set(reader, { ...this.#store.saved.get(reader), ...positions });
  }

  /** Resolves when nobody has anything left to do at the clock's present time. */
  settled(): Promise<void> {
    return this.#scheduler.settled();
  }

  /** Every process dies at once, and with it every run, read and append under way; what was committed stays. */
  kill(): void {
    for (const list of this.#lists) list.kill();
    for (const append of this.#inFlight) this.#scheduler.remove(append);
    for (const reader of this.#readers) reader.end();
    this.#lists.clear();
    this.#inFlight.clear();
    if (this.#options.fault === 'positions-forgotten') this.#store.saved.clear();
  }

  close(): void {
    this.kill();
    this.#closed = true;
  }

  /** What came to a list from outside, in the order in which it was committed; of one processor: all that it took. */
  interleaving(list: readonly string[], partition: number): readonly Entry[] {
    return this.#store.entries(list, partition);
  }

  /** Committed state of a processor. */
  states(processor: AnyProcessor, partition: number): ReadonlyMap<StateKey, unknown> {
    const { states } = this.#store.changelog(processor.id, partition);
    return new Map([...states].map(([key, { text, version }]) => [key, processor.state.decode(text, version)]));
  }

  #open(): void {
    if (this.#closed) throw new LogError('closed', 'the log is closed');
  }

  #admit({ topic, value }: Append): void {
    if (topicShape(topic).writers === 'one')
      throw new LogError('single_writer', `${topic} is written by its processor only`);
    const bytes = Buffer.byteLength(JSON.stringify(value) ?? '');
    if (bytes > sizes.record)
      throw new LogError('too_large', `a record for ${topic} is longer than ${sizes.record} bytes`);
  }

  #refuseTwice(processors: readonly AnyProcessor[]): void {
    for (const { id } of processors)
      for (const list of this.#lists)
        if (list.processors.some((other) => other.id === id)) throw new LogError('single_writer', `${id} runs already`);
  }

  async #early(records: readonly Append[]): Promise<readonly Position[]> {
    return records.map(({ topic }) => ({ topic, partition: 0, offset: 0 }));
  }
}
