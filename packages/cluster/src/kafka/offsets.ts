import type { Cluster } from 'kafkajs';
import { retried } from './retried.ts';

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export const placeName = ({ topic, partition }: TopicPartition): string => `${topic}/${partition}`;

/** Asks where partitions begin and where what is committed ends, on a connection of its own. */
export class Offsets {
  readonly #cluster: Cluster;
  readonly #known = new Set<string>();
  #connected: Promise<void> | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /** The last stable offset: nothing before it is undecided. By `placeName`. */
  ends(places: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    return this.#ask(places, false);
  }

  starts(places: readonly TopicPartition[]): Promise<ReadonlyMap<string, number>> {
    return this.#ask(places, true);
  }

  /** How many brokers there are, as far as is known: 0 before anything was asked. */
  get brokers(): number {
    return this.#cluster.isConnected() ? this.#cluster.getNodeIds().length : 0;
  }

  async close(): Promise<void> {
    await this.#cluster.disconnect().catch(() => {});
  }

  async #ask(places: readonly TopicPartition[], fromBeginning: boolean): Promise<ReadonlyMap<string, number>> {
    if (places.length === 0) return new Map();
    const topics = [...new Set(places.map(({ topic }) => topic))];
    const wanted = topics.map((topic) => ({
      topic,
      partitions: places.filter((place) => place.topic === topic).map(({ partition }) => ({ partition })),
      fromBeginning,
    }));
    const answers = await retried(
      async () => {
        await this.#know(topics);
        return this.#cluster.fetchTopicsOffset(wanted);
      },
      () => this.#cluster.refreshMetadata(),
    );
    return new Map(
      answers.flatMap(({ topic, partitions }) =>
        partitions.map(({ partition, offset }) => [placeName({ topic, partition }), Number(offset)] as const),
      ),
    );
  }

  async #know(topics: readonly string[]): Promise<void> {
    this.#connected ??= this.#cluster.connect();
    this.#connected.catch(() => {
      this.#connected = undefined;
    });
    await this.#connected;
    const unknown = topics.filter((topic) => !this.#known.has(topic));
    if (unknown.length === 0) return;
    await this.#cluster.addMultipleTargetTopics(unknown);
    for (const topic of unknown) this.#known.add(topic);
  }
}
