import {
  type Admin,
  type Cluster,
  type ISocketFactory,
  Kafka,
  type KafkaConfig,
  logLevel,
  Partitioners,
} from 'kafkajs';

/** How to reach Kafka, and under which name. */
export interface KafkaSettings {
  readonly brokers: readonly string[];
  /**
   * Unique among the instances that run at once, and the same after a restart: tasks stick to it, and a ghost of this name (a
   * former process whose session has not expired yet) is sent out of the group at the start.
   */
  readonly instance: string;
  readonly ssl?: NonNullable<KafkaConfig['ssl']>;
  readonly sasl?: NonNullable<KafkaConfig['sasl']>;
  /** Only for tests that cut the wires. */
  readonly socketFactory?: ISocketFactory;
}

/** Retries of single requests; whoever calls handles what outlasts them. */
const requestRetry = { initialRetryTime: 50, multiplier: 1.7, maxRetryTime: 1_000, retries: 8 };
/** A transaction that follows another at once is refused for a moment: a long first wait would cost far more than that moment. */
const transactionRetry = { initialRetryTime: 5, multiplier: 1.5, maxRetryTime: 500, retries: 20 };

export function kafkaClient({ brokers, instance, ssl, sasl, socketFactory }: KafkaSettings): Kafka {
  return new Kafka({
    brokers: [...brokers],
    clientId: instance,
    // What goes wrong comes back as an error to whoever asked; the client's own log repeats it with stacks.
    logLevel: logLevel.NOTHING,
    retry: requestRetry,
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
    ...(socketFactory !== undefined && { socketFactory }),
  });
}

/** A producer whose sends outside of transactions are neither lost nor doubled by its own retries. */
export const plainProducer = (kafka: Kafka) =>
  kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
  });

export const transactionalProducer = (kafka: Kafka, transactionalId: string, transactionTimeoutMs: number) =>
  kafka.producer({
    transactionalId,
    transactionTimeout: transactionTimeoutMs,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    retry: transactionRetry,
    createPartitioner: Partitioners.DefaultPartitioner,
  });

/**
 * The cluster behind a consumer that is never run: its requests (fetch, list offsets, leave group) are what reading without a
 * group needs, and kafkajs hands it out to assigners only.
 */
export function clusterOf(kafka: Kafka, { readUncommitted = false } = {}): Cluster {
  let found: Cluster | undefined;
  kafka.consumer({
    groupId: 'never-joined',
    readUncommitted,
    allowAutoTopicCreation: false,
    metadataMaxAge: 60_000,
    partitionAssigners: [
      ({ cluster }) => {
        found = cluster;
        return {
          name: 'none',
          version: 0,
          assign: async () => [],
          protocol: () => ({ name: 'none', metadata: Buffer.alloc(0) }),
        };
      },
    ],
  });
  if (!found) throw new Error('kafkajs made no cluster');
  return found;
}

export async function withAdmin<T>(kafka: Kafka, use: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    return await use(admin);
  } finally {
    await admin.disconnect();
  }
}
