import { setTimeout as delay } from 'node:timers/promises';
import type { Broker, Cluster, Consumer, Kafka, TopicPartitionOffset } from 'kafkajs';
import { taskAssigner } from './assigner.ts';
import { clusterOf } from './kafka-client.ts';

export interface MembershipAbout {
  readonly kafka: Kafka;
  readonly group: string;
  /** Its partitions stand for the tasks; nothing is read through the group. */
  readonly topic: string;
  readonly partitions: number;
  readonly instance: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  /** How long the client sleeps between two looks at the group; leaving takes as long. */
  readonly pollMs: number;
  owned(): readonly number[];
  /** One line for whoever operates this. */
  report(line: string): void;
  /** The tasks of this member, at each join. */
  assigned(tasks: ReadonlySet<number>): void;
}

type Proof = { heartbeats: number; readonly resolve: () => void };

/**
 * Membership in the group that shares the tasks out. kafkajs's consumer only keeps the session: all its partitions are paused.
 * A consumer that crashes for good, or has not been heard of for two sessions, is replaced.
 */
export class Membership {
  readonly #about: MembershipAbout;
  #consumer: Consumer | undefined;
  #proofs: Proof[] = [];
  #heard = Date.now();
  #watchdog: NodeJS.Timeout | undefined;
  #closed = false;
  #rebuilding = false;
  #building: Promise<void> = Promise.resolve();

  constructor(about: MembershipAbout) {
    this.#about = about;
  }

  /** Resolves when it belongs to the group, however long the brokers are away. */
  async join(): Promise<void> {
    this.#building = this.#keepBuilding();
    await this.#building;
    const { sessionTimeoutMs } = this.#about;
    if (this.#closed) return;
    this.#watchdog = setInterval(() => {
      if (Date.now() - this.#heard > 2 * sessionTimeoutMs) void this.#rebuild();
    }, sessionTimeoutMs / 2);
  }

  /** Resolves once the group has shown, after this call, that this member still belongs to it. */
  proof(): Promise<void> {
    return new Promise((resolve) => this.#proofs.push({ heartbeats: 2, resolve }));
  }

  /** Tells lag tools how far the tasks have read. Nothing of ours looks at it, so an error is nobody's. */
  async note(places: readonly TopicPartitionOffset[]): Promise<void> {
    if (places.length > 0) await this.#consumer?.commitOffsets([...places]).catch(() => {});
  }

  /** Leaves in order; with `silently` the group has to find out by itself, as after a crash. */
  async leave({ silently = false } = {}): Promise<void> {
    this.#closed = true;
    clearInterval(this.#watchdog);
    for (const { resolve } of this.#proofs.splice(0)) resolve();
    // One that is still joining would be a member for ever.
    const left = this.#building.catch(() => {}).then(() => this.#consumer?.disconnect().catch(() => {}));
    if (!silently) await left;
  }

  async #build(): Promise<void> {
    const { kafka, group, topic, partitions, instance, owned } = this.#about;
    const { sessionTimeoutMs, heartbeatMs, pollMs } = this.#about;
    await evictGhosts(kafka, group, instance);
    if (this.#closed) return;
    const consumer = kafka.consumer({
      groupId: group,
      partitionAssigners: [taskAssigner({ topic, partitions, instance, owned })],
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: sessionTimeoutMs,
      heartbeatInterval: heartbeatMs,
      maxWaitTimeInMs: Math.min(pollMs, heartbeatMs),
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 100, retries: 8, restartOnFailure: async () => !this.#closed },
    });
    this.#consumer = consumer;
    this.#heard = Date.now();
    consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
      if (consumer === this.#consumer) this.#joined(consumer, payload.memberAssignment[topic] ?? []);
    });
    consumer.on(consumer.events.HEARTBEAT, () => this.#beat());
    consumer.on(consumer.events.CRASH, ({ payload }) => {
      if (!payload.restart && consumer === this.#consumer) void this.#rebuild();
    });
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({ autoCommit: false, eachBatch: async () => {} });
  }

  /** Runs before anything is fetched: so nothing ever is. */
  #joined(consumer: Consumer, tasks: readonly number[]): void {
    this.#heard = Date.now();
    if (this.#closed) return;
    if (tasks.length > 0) consumer.pause([{ topic: this.#about.topic, partitions: [...tasks] }]);
    for (const { resolve } of this.#proofs.splice(0)) resolve();
    this.#about.assigned(new Set(tasks));
  }

  #beat(): void {
    this.#heard = Date.now();
    for (const proof of this.#proofs) proof.heartbeats -= 1;
    const given = this.#proofs.filter(({ heartbeats }) => heartbeats <= 0);
    this.#proofs = this.#proofs.filter(({ heartbeats }) => heartbeats > 0);
    for (const { resolve } of given) resolve();
  }

  async #rebuild(): Promise<void> {
    if (this.#closed || this.#rebuilding) return;
    this.#rebuilding = true;
    const former = this.#consumer;
    this.#consumer = undefined;
    this.#heard = Date.now();
    void former?.disconnect().catch(() => {});
    this.#building = this.#keepBuilding();
    await this.#building;
    this.#rebuilding = false;
  }

  async #keepBuilding(): Promise<void> {
    while (!this.#closed) {
      try {
        return await this.#build();
      } catch (error) {
        const former = this.#consumer;
        this.#consumer = undefined;
        void former?.disconnect().catch(() => {});
        this.#about.report(`${this.#about.group} cannot be joined: ${error instanceof Error ? error.message : error}`);
        await delay(1_000);
      }
    }
  }
}

/** A former process of this name may still count as a member, and everybody would wait for it until its session expires. */
async function evictGhosts(kafka: Kafka, group: string, instance: string): Promise<void> {
  const cluster = clusterOf(kafka);
  try {
    await cluster.connect();
    const coordinator = (await cluster.findGroupCoordinator({ groupId: group })) as Coordinator;
    const { groups } = (await coordinator.describeGroups({ groupIds: [group] })) as Described;
    for (const { memberId, clientId } of groups.flatMap(({ members }) => members))
      if (clientId === instance) await coordinator.leaveGroup({ groupId: group, memberId });
  } catch {
    // Without this the session expires, only later.
  } finally {
    await disconnected(cluster);
  }
}

const disconnected = (cluster: Cluster): Promise<void> => cluster.disconnect().catch(() => {});

/** kafkajs has the request, its types do not. */
type Coordinator = Broker & { leaveGroup(request: { groupId: string; memberId: string }): Promise<unknown> };
interface Described {
  readonly groups: readonly { readonly members: readonly { readonly memberId: string; readonly clientId: string }[] }[];
}
