import { setTimeout as delay } from 'node:timers/promises';
import {
  type AnyProcessor,
  type Append,
  type EventLog,
  LogError,
  partitionCount,
  type Position,
  type Positions,
  positionKey,
  type ReadRequest,
  type Recorded,
  type TopicName,
} from '@tocsin/core';
import type { Kafka } from 'kafkajs';
import { FetchSession } from './fetch-session.ts';
import { clusterOf, kafkaClient, withAdmin } from './kafka-client.ts';
import type { KafkaLogOptions } from './kafka-options.ts';
import { ListRun } from './list-run.ts';
import { LogAppender } from './log-appender.ts';
import { LogReader } from './log-reader.ts';
import { Offsets, placeName } from './offsets.ts';
import { Pacer } from './pacer.ts';
import { jsonValues, RecordCodec } from './record-codec.ts';
import { SavedPositions } from './saved-positions.ts';
import { SignalFlag } from './signal-flag.ts';
import { Stability } from './stability.ts';
import { listPlans, namedPlans, TopicNames } from './topic-names.ts';
import { checkTopics, createTopics } from './topic-setup.ts';

/** The event log on Kafka. Its topics must exist: `createTopics` makes them, and a run refuses those that are set up otherwise. */
export class KafkaLog implements EventLog {
  readonly partitions: number;
  readonly names: TopicNames;
  readonly #options: KafkaLogOptions;
  readonly #kafka: Kafka;
  readonly #codec: RecordCodec;
  readonly #offsets: Offsets;
  readonly #stability: Stability;
  readonly #appender: LogAppender;
  readonly #saved: SavedPositions;
  readonly #pacer: Pacer;
  readonly #lists = new Set<ListRun>();
  readonly #stops = new Set<AbortController>();
  readonly #readers = new Set<LogReader>();
  readonly #beginning = new Set<Promise<void>>();
  readonly #moved = new SignalFlag();
  #moves = 0;
  #closed = false;

  constructor(options: KafkaLogOptions) {
    this.#options = options;
    this.partitions = options.partitions;
    this.names = new TopicNames(options.prefix ?? 'tocsin.');
    this.#kafka = kafkaClient(options.kafka);
    this.#codec = new RecordCodec(options.values ?? jsonValues);
    this.#offsets = new Offsets(clusterOf(this.#kafka));
    this.#pacer = new Pacer(options.commitsPerSecond ?? 150);
    const parts = {
      kafka: this.#kafka,
      names: this.names,
      codec: this.#codec,
      partitions: this.partitions,
      clock: this.#clock,
      offsets: this.#offsets,
    };
    this.#appender = new LogAppender(parts);
    this.#stability = new Stability(parts);
    this.#saved = new SavedPositions({ ...parts, appender: this.#appender });
  }

  /** Creates what does not exist: all named topics, and those of the lists. */
  async createTopics(lists: readonly (readonly AnyProcessor[])[]): Promise<void> {
    const options = this.#planOptions;
    const plans = [
      ...namedPlans(this.names, options),
      ...lists.flatMap((list) => listPlans(this.names, list, options)),
    ];
    const unique = [...new Map(plans.map((plan) => [plan.topic, plan])).values()];
    await withAdmin(this.#kafka, (admin) => createTopics(admin, unique));
  }

  async append(records: readonly Append[]): Promise<readonly Position[]> {
    this.#open();
    return this.#appender.append(records);
  }

  async run(processors: readonly AnyProcessor[], signal: AbortSignal): Promise<void> {
    this.#open();
    const held = [...this.#lists].flatMap((list) => list.processors.map(({ id }) => id));
    const twice = processors.find(({ id }) => held.includes(id));
    if (twice) throw new LogError('single_writer', `${twice.id} runs already`);
    if (signal.aborted) return;
    const list = this.#list(processors);
    const stop = new AbortController();
    this.#lists.add(list);
    this.#stops.add(stop);
    const stopped = AbortSignal.any([signal, stop.signal]);
    try {
      await this.#checked(processors, stopped);
      await list.run(stopped);
    } finally {
      this.#lists.delete(list);
      this.#stops.delete(stop);
    }
  }

  async *read(request: ReadRequest): AsyncGenerator<readonly Recorded[]> {
    this.#open();
    const { names, partitions } = this;
    const session = new FetchSession(clusterOf(this.#kafka), {
      maxWaitMs: this.#pollMs,
      bytesPerPartition: 1024 * 1024,
    });
    const reader = new LogReader({ session, offsets: this.#offsets, names, codec: this.#codec, partitions }, request);
    const begun = reader.begin();
    this.#readers.add(reader);
    this.#beginning.add(begun);
    try {
      await begun;
      yield* reader.batches();
    } finally {
      this.#readers.delete(reader);
      this.#beginning.delete(begun);
    }
  }

  async ends(topics: readonly TopicName[]): Promise<Positions> {
    this.#open();
    const places = topics.flatMap((topic) =>
      Array.from({ length: partitionCount(topic, this.partitions) }, (_, partition) => ({ topic, partition })),
    );
    const kafkas = places.map(({ topic, partition }) => ({ topic: this.names.of(topic), partition }));
    const ends = await this.#offsets.ends(kafkas);
    return Object.fromEntries(
      places.map(({ topic, partition }) => [
        positionKey(topic, partition),
        ends.get(placeName({ topic: this.names.of(topic), partition })) ?? 0,
      ]),
    );
  }

  async positions(reader: string): Promise<Positions> {
    this.#open();
    return this.#saved.positions(reader);
  }

  async save(reader: string, positions: Positions): Promise<void> {
    this.#open();
    await this.#saved.save(reader, positions);
  }

  /**
   * For tests whose clock stands still: resolves when the lists of this process, which have all tasks among them, have read
   * everything and nothing is due at the clock's present time.
   */
  async settled(): Promise<void> {
    await Promise.all([...this.#beginning, this.#appender.rest()]);
    for (;;) {
      const moves = this.#moves;
      for (const list of this.#lists) list.nudge();
      const stable = await this.#stability.stable([...this.#lists].flatMap(({ processors }) => processors));
      const settled = await Promise.all([...this.#lists].map((list) => list.settled()));
      if (stable && settled.every((one) => one) && moves === this.#moves) return;
      await this.#moved.wait(10);
    }
  }

  /** For tests: ends as a killed process does, without a goodbye to anybody. Runs and reads under way never settle. */
  kill(): void {
    this.#closed = true;
    for (const list of this.#lists) list.kill();
    this.#lists.clear();
    for (const reader of this.#readers) reader.end();
    void this.#appender.close();
    void this.#offsets.close();
    void this.#stability.close();
  }

  /** Stops every run, read and connection in order. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const stop of this.#stops) stop.abort();
    for (const reader of this.#readers) reader.end();
    while (this.#lists.size > 0) await this.#moved.wait(10);
    await this.#appender.close();
    await this.#offsets.close();
    await this.#stability.close();
  }

  /** Brokers that are away are waited for; topics that are not as they must be are refused. */
  async #checked(processors: readonly AnyProcessor[], stopped: AbortSignal): Promise<void> {
    const plans = listPlans(this.names, processors, this.#planOptions);
    while (!stopped.aborted) {
      try {
        return await withAdmin(this.#kafka, (admin) => checkTopics(admin, plans));
      } catch (error) {
        if (error instanceof LogError) throw error;
        this.#options.report?.(`topics cannot be checked: ${error instanceof Error ? error.message : error}`);
        await delay(1_000, undefined, { signal: stopped }).catch(() => {});
      }
    }
  }

  #list(processors: readonly AnyProcessor[]): ListRun {
    const {
      trace = false,
      sessionTimeoutMs = 10_000,
      heartbeatMs = 1_000,
      transactionTimeoutMs = 15_000,
    } = this.#options;
    return new ListRun({
      kafka: this.#kafka,
      names: this.names,
      codec: this.#codec,
      processors,
      partitions: this.partitions,
      clock: this.#clock,
      instance: this.#options.kafka.instance,
      sessionTimeoutMs,
      heartbeatMs,
      transactionTimeoutMs,
      pollMs: this.#pollMs,
      trace,
      pacer: this.#pacer,
      report: this.#options.report ?? (() => {}),
      moved: () => {
        this.#moves += 1;
        this.#moved.raise();
      },
      rested: () => this.#moved.raise(),
    });
  }

  get #clock() {
    return this.#options.clock ?? Date.now;
  }

  get #pollMs(): number {
    return this.#options.pollMs ?? 100;
  }

  get #planOptions() {
    const { partitions, retentionMs } = this.#options;
    return { partitions, ...(retentionMs !== undefined && { retentionMs }) };
  }

  #open(): void {
    if (this.#closed) throw new LogError('closed', 'the log is closed');
  }
}
