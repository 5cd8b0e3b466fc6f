import {
  type AnyProcessor,
  type AuditPlace,
  auditedTopics,
  auditRecordOf,
  auditStreamOf,
  canonical,
  type Context,
  type Digest,
  type Event,
  genesisHash,
  type Instant,
  type Json,
  jsonCodec,
  nothing,
  type Processor,
  type Recorded,
  second,
  type StateKey,
  type Step,
  type TopicName,
  topicShape,
} from '@tocsin/core';

/** Where the chain of the partition stands. */
interface Chain {
  readonly seq: number;
  readonly prevHash: string;
}
/** An event id that a topic with many writers has brought; forgotten after a while. */
interface Seen {
  readonly until: Instant;
}
type State = Chain | Seen;

const chainKey: StateKey = 'chain';

/** A producer that does not know whether its append happened repeats it within this time. */
export const repeatsWithinMs = 30 * second;

/**
 * Appends every audited event to the audit log of its partition: one record an event, gapless and chained. A producer's
 * repetition of an event (same topic, type and id, topics with many writers only) is not recorded again.
 */
export function auditProcessor({
  digest,
  deadLetters = [],
}: {
  readonly digest: Digest;
  /** Dead-letter topics of processors (`<processor>.dead`) that are to be audited too. */
  readonly deadLetters?: readonly TopicName[];
}): AnyProcessor {
  const topics = [...auditedTopics, ...deadLetters];
  const processor: Processor<State> = {
    id: 'audit',
    inputs: topics.map((topic) => ({ topic, onBad: 'stop', bad: eventFault })),
    outputs: ['audit'],
    state: jsonCodec<State>(1),
    keys: (record) => (seenKey(record) === undefined ? [chainKey] : [chainKey, seenKey(record) as StateKey]),
    step: (states, record, context) => step(states, record as Recorded<Event>, context, digest),
    wakeAt: (state) => ('until' in state ? state.until : undefined),
    wake: (key) => ({ puts: new Map([[key, undefined]]), out: [] }),
  };
  return processor as unknown as AnyProcessor;
}

function step(
  states: ReadonlyMap<StateKey, State>,
  record: Recorded<Event>,
  { partition, now }: Context,
  digest: Digest,
): Step<State> {
  const seen = seenKey(record);
  if (seen !== undefined && states.has(seen)) return nothing;
  const place = placeOf(states.get(chainKey) as Chain | undefined, partition);
  const text = canonical(auditRecordOf(record, place) as unknown as Json);
  const puts = new Map<StateKey, State>([[chainKey, { seq: place.seq + 1, prevHash: digest.sha256(text) }]]);
  if (seen !== undefined) puts.set(seen, { until: now + repeatsWithinMs });
  return { puts, out: [{ topic: 'audit', key: record.value.subject, value: text }] };
}

const placeOf = (chain: Chain | undefined, partition: number): AuditPlace => ({
  stream: auditStreamOf(partition),
  seq: chain?.seq ?? 0,
  prevHash: chain?.prevHash ?? genesisHash,
});

function seenKey({ topic, value }: Recorded): StateKey | undefined {
  if (topicShape(topic).writers === 'one') return undefined;
  const { type, id } = value as Event;
  return `seen/${topic}/${type}/${id}`;
}

/** Our own services wrote it: what is no event here is a bug, and the task stops. */
function eventFault(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return 'not an event';
  const { type, v, id, org, subject, at } = value as Partial<Event>;
  if (![type, id, org, subject].every((text) => typeof text === 'string')) return 'not an event';
  if (typeof v !== 'number' || typeof at !== 'number' || Number.isNaN(new Date(at).getTime())) return 'not an event';
  return undefined;
}
