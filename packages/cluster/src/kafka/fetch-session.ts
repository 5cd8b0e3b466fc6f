import type { Cluster } from 'kafkajs';
import { type AbortedTransaction, committedOf, offsetAfter, type RawRecord } from './committed-records.ts';

/** What one fetch brought of one partition. */
export interface Fetched {
  readonly topic: string;
  readonly partition: number;
  /** Committed ones, in order; may be empty while the position moves on, past markers and aborted records. */
  readonly records: readonly RawRecord[];
  /** Where to go on. */
  readonly next: number;
  readonly bytes: number;
}

interface Source {
  readonly topic: string;
  readonly partition: number;
  next: number;
  paused: boolean;
  readonly take: (fetched: Fetched) => void;
  readonly fail: (error: Error) => void;
}

interface PartitionAnswer {
  readonly partition: number;
  readonly lastStableOffset: string;
  readonly abortedTransactions: readonly AbortedTransaction[] | null;
  readonly messages: readonly RawRecord[];
}

export interface FetchOptions {
  /** How long the broker holds an answer back while there is nothing; bounds how late a new partition is asked for. */
  readonly maxWaitMs: number;
  readonly bytesPerPartition: number;
}

const readCommitted = 1;
const maxBytes = 16 * 1024 * 1024;

/**
 * Reads any set of partitions from any offsets, committed records only: one request at a time to each broker that leads some
 * of them. Errors of brokers and connections are retried for ever; an offset that no longer exists fails its source.
 */
export class FetchSession {
  readonly #cluster: Cluster;
  readonly #options: FetchOptions;
  readonly #sources = new Map<string, Source>();
  readonly #busy = new Set<string>();
  readonly #topics = new Set<string>();
  #ready: Promise<void> | undefined;
  #failures = 0;
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(cluster: Cluster, options: FetchOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** Replaces what was asked of this partition before. */
  want(source: Omit<Source, 'paused'>): void {
    this.#sources.set(nameOf(source), { ...source, paused: false });
    void this.#round();
  }

  drop(topic: string, partition: number): void {
    this.#sources.delete(nameOf({ topic, partition }));
  }

  /** A paused partition keeps its position. */
  pause(topic: string, partition: number, paused: boolean): void {
    const source = this.#sources.get(nameOf({ topic, partition }));
    if (!source || source.paused === paused) return;
    source.paused = paused;
    if (!paused) void this.#round();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#retry);
    this.#sources.clear();
    await this.#cluster.disconnect().catch(() => {});
  }

  async #round(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.#know();
      for (const [node, sources] of this.#byLeader()) if (!this.#busy.has(node)) void this.#fetch(node, sources);
    } catch {
      this.#later();
    }
  }

  /** Connected, and with the metadata of every topic that is wanted. */
  async #know(): Promise<void> {
    const unknown = [...this.#sources.values()].map(({ topic }) => topic).filter((topic) => !this.#topics.has(topic));
    if (unknown.length > 0 || !this.#ready) {
      for (const topic of unknown) this.#topics.add(topic);
      const before = this.#ready;
      this.#ready = (async () => {
        if (before) await before;
        else await this.#cluster.connect();
        await this.#cluster.addMultipleTargetTopics([...new Set(unknown)]);
      })();
      this.#ready.catch(() => {
        this.#ready = undefined;
        this.#topics.clear();
      });
    }
    await this.#ready;
  }

  #byLeader(): ReadonlyMap<string, readonly Source[]> {
    const byLeader = new Map<string, Source[]>();
    for (const source of this.#sources.values()) {
      if (source.paused) continue;
      const leaders = this.#cluster.findLeaderForPartitions(source.topic, [source.partition]);
      const [node] = Object.keys(leaders);
      if (node === undefined) throw new Error(`nobody leads ${nameOf(source)}`);
      byLeader.set(node, [...(byLeader.get(node) ?? []), source]);
    }
    return byLeader;
  }

  async #fetch(node: string, sources: readonly Source[]): Promise<void> {
    this.#busy.add(node);
    const asked = new Map(sources.map((source) => [source, source.next]));
    try {
      await this.#cluster.refreshMetadataIfNecessary();
      const broker = await this.#cluster.findBroker({ nodeId: node });
      const { responses } = (await broker.fetch(this.#request(sources))) as {
        responses: readonly { topicName: string; partitions: readonly PartitionAnswer[] }[];
      };
      this.#failures = 0;
      for (const { topicName, partitions } of responses)
        for (const answer of partitions) this.#answered(topicName, answer, asked);
      this.#busy.delete(node);
      void this.#round();
    } catch (error) {
      this.#busy.delete(node);
      await this.#failed(error);
    }
  }

  #request(sources: readonly Source[]) {
    const { maxWaitMs, bytesPerPartition } = this.#options;
    const topics = [...new Set(sources.map(({ topic }) => topic))].map((topic) => ({
      topic,
      partitions: sources
        .filter((source) => source.topic === topic)
        .map(({ partition, next }) => ({ partition, fetchOffset: String(next), maxBytes: bytesPerPartition })),
    }));
    return { replicaId: -1, isolationLevel: readCommitted, maxWaitTime: maxWaitMs, minBytes: 1, maxBytes, topics };
  }

  #answered(topic: string, answer: PartitionAnswer, asked: ReadonlyMap<Source, number>): void {
    const source = this.#sources.get(nameOf({ topic, partition: answer.partition }));
    // Asked for before it was replaced or moved: not what is wanted now.
    if (!source || asked.get(source) !== source.next || this.#closed) return;
    const from = source.next;
    const committed = committedOf(answer.messages, answer.abortedTransactions ?? []);
    const records = committed.filter(({ offset }) => Number(offset) >= from);
    const alone = asked.size === 1 && answer.messages.length === 0;
    // Compaction may leave nothing between here and the stable end; seen alone, an empty answer says so.
    const next = alone ? Math.max(from, Number(answer.lastStableOffset)) : offsetAfter(answer.messages, from);
    if (next === from && records.length === 0) return;
    source.next = next;
    const bytes = records.reduce((sum, { key, value }) => sum + (key?.length ?? 0) + (value?.length ?? 0), 0);
    source.take({ topic, partition: answer.partition, records, next, bytes });
  }

  async #failed(error: unknown): Promise<void> {
    if (this.#closed) return;
    const { type, topic, partition } = error as { type?: string; topic?: string; partition?: number };
    if (type === 'OFFSET_OUT_OF_RANGE' && topic !== undefined && partition !== undefined) {
      const source = this.#sources.get(nameOf({ topic, partition }));
      this.#sources.delete(nameOf({ topic, partition }));
      source?.fail(error instanceof Error ? error : new Error(String(error)));
    }
    await this.#cluster.refreshMetadata().catch(() => {
      this.#ready = undefined;
      this.#topics.clear();
    });
    this.#later();
  }

  #later(): void {
    if (this.#closed) return;
    clearTimeout(this.#retry);
    this.#failures += 1;
    this.#retry = setTimeout(() => void this.#round(), Math.min(2_000, 20 * 1.7 ** this.#failures));
  }
}

const nameOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;
