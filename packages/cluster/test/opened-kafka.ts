import { randomUUID } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import type { OpenedEventLog, Running } from '@tocsin/conformance';
import type { AnyProcessor, Entry, Instant, Recorded, StateKey, TopicName } from '@tocsin/core';
import type { ISocketFactory, Kafka } from 'kafkajs';
import { FetchSession } from '../src/kafka/fetch-session.ts';
import { clusterOf, kafkaClient, withAdmin } from '../src/kafka/kafka-client.ts';
import { KafkaLog } from '../src/kafka/kafka-log.ts';
import { Offsets, placeName } from '../src/kafka/offsets.ts';
import { readRange } from '../src/kafka/read-range.ts';
import { changelogEntry, type Taken } from '../src/kafka/progress.ts';
import type { RawRecord } from '../src/kafka/committed-records.ts';

const began: Instant = Date.UTC(2026, 0, 1);
const partitions = 2;

/** The connections of one process, to be cut as by its death. */
export class Wires {
  readonly #sockets = new Set<Socket>();
  #cut = false;

  readonly factory: ISocketFactory = ({ host, port, onConnect }) => {
    const socket = connect({ host, port }, onConnect);
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    if (this.#cut) socket.destroy(new Error('cut'));
    return socket;
  };

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** The event log suite's way to a real broker: topics of its own, a clock that stands still, crashes that cut the wires. */
export class OpenedKafka implements OpenedEventLog {
  readonly #url: string;
  readonly #prefix: string;
  readonly #instance: string;
  #wires = new Wires();
  #log: KafkaLog;
  #now = began;
  readonly #created = new Set<string>();
  #creating: Promise<void> = Promise.resolve();

  readonly #heartbeatMs: number;

  private constructor(url: string, prefix: string, instance: string, heartbeatMs = 200) {
    this.#url = url;
    this.#prefix = prefix;
    this.#instance = instance;
    this.#heartbeatMs = heartbeatMs;
    this.#log = this.#opened();
  }

  static async open(url: string, heartbeatMs?: number): Promise<OpenedKafka> {
    const opened = new OpenedKafka(url, `t${randomUUID().slice(0, 8)}.`, 'member', heartbeatMs);
    await opened.#log.createTopics([]);
    return opened;
  }

  /** Another process on the same topics. */
  beside(instance: string): OpenedKafka {
    return new OpenedKafka(this.#url, this.#prefix, instance);
  }

  /** A client of a process whose wires `cut` cuts, as this log's own. */
  get kafka(): Kafka {
    return kafkaClient({
      brokers: this.#url.split(','),
      instance: this.#instance,
      socketFactory: this.#wires.factory,
    });
  }

  get log(): KafkaLog {
    return this.#log;
  }

  now(): Instant {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  start(processors: readonly AnyProcessor[]): Running {
    const log = this.#log;
    const abort = new AbortController();
    const fresh = processors.some(({ id }) => !this.#created.has(id));
    for (const { id } of processors) this.#created.add(id);
    this.#creating = this.#creating.then(() => (fresh ? log.createTopics([processors]) : undefined));
    const creating = this.#creating;
    const done = creating.then(() => log.run(processors, abort.signal));
    done.catch(() => {});
    return {
      done,
      stop: () => {
        abort.abort();
        return done;
      },
    };
  }

  async settled(): Promise<void> {
    await this.#creating;
    await new Promise((resolve) => setImmediate(resolve));
    await this.#log.settled();
  }

  async crash(): Promise<void> {
    await this.#creating;
    this.#wires.cut();
    this.#log.kill();
    this.#wires = new Wires();
    this.#log = this.#opened();
  }

  async interleaving(processors: readonly AnyProcessor[], partition: number): Promise<readonly Entry[]> {
    const [first] = processors;
    if (!first) return [];
    const taken: Taken[] = [];
    for (const record of await this.#changelog(first, partition)) {
      const entry = changelogEntry(record);
      if (entry.kind === 'progress') taken.push(...(entry.progress.taken ?? []));
    }
    const topics = new Set(taken.flatMap((one) => (one[0] === 'record' ? [one[1]] : [])));
    const records = await this.#records([...topics]);
    return taken.map((one): Entry => {
      if (one[0] === 'idle') return { kind: 'idle', until: one[1] };
      const record = records.get(`${one[1]}/${one[2]}@${one[3]}`);
      if (!record) throw new Error(`took ${one.join(' ')}, which nobody can read`);
      return { kind: 'record', record };
    });
  }

  async states(processor: AnyProcessor, partition: number): Promise<ReadonlyMap<StateKey, unknown>> {
    const states = new Map<StateKey, unknown>();
    for (const record of await this.#changelog(processor, partition)) {
      const entry = changelogEntry(record);
      if (entry.kind !== 'state') continue;
      if (entry.text === undefined) states.delete(entry.key);
      else states.set(entry.key, processor.state.decode(entry.text, entry.version));
    }
    return states;
  }

  async close(): Promise<void> {
    await this.#creating;
    this.#wires.cut();
    this.#log.kill();
    await withAdmin(this.#kafka(), async (admin) => {
      const topics = (await admin.listTopics()).filter((topic) => topic.startsWith(this.#prefix));
      await admin.deleteTopics({ topics });
    });
  }

  #kafka() {
    return kafkaClient({ brokers: this.#url.split(','), instance: 'observer' });
  }

  #opened(): KafkaLog {
    return new KafkaLog({
      kafka: { brokers: this.#url.split(','), instance: this.#instance, socketFactory: this.#wires.factory },
      partitions,
      prefix: this.#prefix,
      clock: () => this.#now,
      sessionTimeoutMs: 3_000,
      heartbeatMs: this.#heartbeatMs,
      pollMs: 20,
      commitsPerSecond: 400,
      retentionMs: -1,
      trace: true,
    });
  }

  /** The whole changelog, also what a compaction would remove. */
  async #changelog({ id }: AnyProcessor, partition: number): Promise<readonly RawRecord[]> {
    const kafka = this.#kafka();
    const place = { topic: this.#log.names.changelog(id), partition };
    const offsets = new Offsets(clusterOf(kafka));
    const session = new FetchSession(clusterOf(kafka), { maxWaitMs: 20, bytesPerPartition: 4 * 1024 * 1024 });
    const found: RawRecord[] = [];
    try {
      const end = (await offsets.ends([place])).get(placeName(place)) ?? 0;
      await readRange(session, { ...place, from: 0, end }, (records) => found.push(...records));
    } finally {
      await Promise.all([session.close(), offsets.close()]);
    }
    return found;
  }

  async #records(topics: readonly TopicName[]): Promise<ReadonlyMap<string, Recorded>> {
    const found = new Map<string, Recorded>();
    const request = { topics, from: 'start', follow: false, signal: new AbortController().signal } as const;
    if (topics.length === 0) return found;
    for await (const batch of this.#log.read(request))
      for (const record of batch) found.set(`${record.topic}/${record.partition}@${record.offset}`, record);
    return found;
  }
}
