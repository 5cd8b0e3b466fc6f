import { type AnyProcessor, partitionCount, sizes, type TopicName, topicNames, topicShape } from '@tocsin/core';

/** Kafka's names of our topics: one prefix for everything of an installation. */
export class TopicNames {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  of(topic: TopicName): string {
    return this.prefix + topic;
  }

  /** Our name of a topic of Kafka's, if it is one of events. */
  topicOf(kafkaTopic: string): TopicName | undefined {
    const name = kafkaTopic.startsWith(this.prefix) ? kafkaTopic.slice(this.prefix.length) : '';
    return topicNames.find((topic) => topic === name) ?? (isDead(name) ? name : undefined);
  }

  changelog(processor: string): string {
    return `${this.prefix}${processor}.state`;
  }

  /** Saved positions of readers that have no processor. */
  get readers(): string {
    return `${this.prefix}readers.state`;
  }

  /** Consumer group of a list of processors; only membership is kept there. */
  group(processors: readonly AnyProcessor[]): string {
    return this.prefix + (processors[0]?.id ?? 'nobody');
  }

  transactional(processor: string, partition: number): string {
    return `${this.prefix}${processor}.${partition}`;
  }
}

const isDead = (name: string): name is `${string}.dead` => name.endsWith('.dead');

/** How a topic must be set up. */
export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly settings: Readonly<Record<string, string>>;
}

const day = 24 * 3_600_000;
const retentionMs = { days: 7 * day, weeks: 90 * day, long: 400 * day, forever: -1 } as const;
/** Keys, headers and the frame of a batch come on top of a value. */
const overhead = 128 * 1024;

export interface PlanOptions {
  readonly partitions: number;
  /** Overrides what the topics say; -1 keeps everything. */
  readonly retentionMs?: number;
}

/** The topics of a list of processors: what it reads and writes, its dead letters, its changelogs. */
export function listPlans(
  names: TopicNames,
  processors: readonly AnyProcessor[],
  options: PlanOptions,
): readonly TopicPlan[] {
  const topics = processors.flatMap(({ id, inputs, outputs, tables = [] }) => [
    ...inputs.map(({ topic }) => topic),
    ...outputs,
    ...tables.map(({ topic }) => topic),
    `${id}.dead` as const,
  ]);
  const events = [...new Set(topics)].map((topic) => eventPlan(names, topic, options));
  return [...events, ...processors.map(({ id }) => changelogPlan(names.changelog(id), options.partitions))];
}

/** Every topic that has a name of its own, and the positions of readers. */
export const namedPlans = (names: TopicNames, options: PlanOptions): readonly TopicPlan[] => [
  ...topicNames.map((topic) => eventPlan(names, topic, options)),
  changelogPlan(names.readers, 1),
];

function eventPlan(names: TopicNames, topic: TopicName, options: PlanOptions): TopicPlan {
  const { kept, maxBytes = sizes.record } = topicShape(topic);
  // A dead letter is the whole record with words around it.
  const room = topic.endsWith('.dead') && topic !== 'intake.dead' ? 2 * maxBytes : maxBytes;
  return {
    topic: names.of(topic),
    partitions: partitionCount(topic, options.partitions),
    settings: {
      'cleanup.policy': 'delete',
      'retention.ms': String(options.retentionMs ?? retentionMs[kept]),
      'max.message.bytes': String(room + overhead),
      'message.timestamp.type': 'CreateTime',
    },
  };
}

const changelogPlan = (topic: string, partitions: number): TopicPlan => ({
  topic,
  partitions,
  settings: {
    'cleanup.policy': 'compact',
    'max.message.bytes': String(sizes.record + overhead),
    'segment.bytes': String(64 * 1024 * 1024),
    'segment.ms': String(6 * 3_600_000),
    'min.cleanable.dirty.ratio': '0.3',
  },
});
