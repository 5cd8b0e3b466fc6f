/**
 * Every topic, once. `writers: 'one'`: written by one stateful processor per partition, inside transactions, with a gapless
 * `seq`. `writers: 'many'`: written by plain idempotent producers, de-duplicated by the reader on `dedupe`.
 * `partitions: 'one'` topics have total order; all others share the installation's partition count P.
 */
export const topics = {
  'grouped-detections': { writers: 'many', dedupe: 'id', partitions: 'all', kept: 'days', audited: false },
  signals: { writers: 'one', dedupe: 'seq', partitions: 'all', kept: 'long', audited: true },
  commands: { writers: 'many', dedupe: 'id', partitions: 'all', kept: 'days', audited: false },
  'triage-events': { writers: 'one', dedupe: 'seq', partitions: 'all', kept: 'long', audited: true },
  'config-commands': { writers: 'many', dedupe: 'id', partitions: 'one', kept: 'days', audited: false },
  config: { writers: 'one', dedupe: 'seq', partitions: 'one', kept: 'long', audited: true },
  deliveries: { writers: 'one', dedupe: 'seq', partitions: 'all', kept: 'weeks', audited: true },
  attempts: { writers: 'many', dedupe: 'id', partitions: 'all', kept: 'weeks', audited: true },
  activity: { writers: 'many', dedupe: 'id', partitions: 'all', kept: 'weeks', audited: true },
  /** What the intake could not read: bytes, code and position. */
  'intake.dead': {
    writers: 'many',
    dedupe: 'id',
    partitions: 'all',
    kept: 'long',
    audited: true,
    // The largest request body in base64, with its reason.
    maxBytes: 44 * 1024 * 1024,
  },
  audit: { writers: 'one', dedupe: 'seq', partitions: 'all', kept: 'forever', audited: false, text: true },
  'audit-checkpoints': { writers: 'many', dedupe: 'id', partitions: 'all', kept: 'forever', audited: false },
} as const satisfies Readonly<Record<string, TopicShape>>;

export interface TopicShape {
  readonly writers: 'one' | 'many';
  readonly dedupe: 'seq' | 'id' | 'cause';
  readonly partitions: 'all' | 'one';
  readonly kept: 'days' | 'weeks' | 'long' | 'forever';
  readonly audited: boolean;
  /** The value is a text that is stored to the letter; every other value is JSON. */
  readonly text?: true;
  /** Bytes of the longest record; `sizes.record` unless given. */
  readonly maxBytes?: number;
}
export type NamedTopic = keyof typeof topics;
/** A named topic, or the dead letters of a processor: `<processor>.dead`. */
export type TopicName = NamedTopic | `${string}.dead`;
export const topicNames = Object.keys(topics) as readonly NamedTopic[];
export const auditedTopics: readonly TopicName[] = topicNames.filter((name) => topics[name].audited);

const deadLetters: TopicShape = { writers: 'one', dedupe: 'seq', partitions: 'all', kept: 'long', audited: true };

export const topicShape = (topic: TopicName): TopicShape =>
  (topics as Readonly<Record<string, TopicShape>>)[topic] ?? deadLetters;

/** How many partitions a topic has where the installation has `all`. */
export const partitionCount = (topic: TopicName, all: number): number =>
  topicShape(topic).partitions === 'one' ? 1 : all;

/** Named bounds on what is stored, in bytes of UTF-8. */
export const sizes = {
  inputRecord: 1024 * 1024,
  sample: 4 * 1024,
  attributes: 16 * 1024,
  /** No record is longer, but where its topic says so. */
  record: 2 * 1024 * 1024,
} as const;
