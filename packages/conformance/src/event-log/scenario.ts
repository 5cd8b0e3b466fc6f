import {
  type AnyProcessor,
  type Append,
  type Context,
  type Instant,
  jsonCodec,
  type Processor,
  type Recorded,
  type TopicName,
} from '@tocsin/core';
import { recordsOf } from './comparison.ts';
import type { EventLogHarness, OpenedEventLog } from './harness.ts';

/** Opens a log for one case and closes it whatever comes. */
export async function withLog(
  harness: EventLogHarness,
  use: (opened: OpenedEventLog) => Promise<void>,
  seed = 1,
): Promise<void> {
  const opened = await harness.open(seed);
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

/** A record for one shard, so that all of a case happens in one task. */
export const item = (
  v: unknown,
  about: { readonly topic?: TopicName; readonly key?: string; readonly shard?: number } = {},
): Append => ({
  topic: about.topic ?? 'grouped-detections',
  key: about.key ?? 'a',
  shard: about.shard ?? 0,
  value: { v },
});

export const contentOf = ({ value }: Recorded): unknown => (value as { readonly v: unknown }).v;

/** A processor made of one function: records in, values out, one number of state a key. */
export function mapper({
  id = 'test-mapper',
  inputs = ['grouped-detections'],
  output = 'signals',
  map,
  bad,
  onBad = 'dead-letter',
}: {
  readonly id?: string;
  readonly inputs?: readonly TopicName[];
  readonly output?: TopicName;
  readonly map: (record: Recorded, context: Context, count: number) => readonly unknown[];
  readonly bad?: (value: unknown) => string | undefined;
  readonly onBad?: 'dead-letter' | 'stop';
}): AnyProcessor {
  const processor: Processor<number> = {
    id,
    inputs: inputs.map((topic) => ({ topic, onBad, ...(bad && { bad }) })),
    outputs: [output],
    state: jsonCodec<number>(1),
    keys: ({ key }) => [key],
    step(states, record, context) {
      const count = (states.get(record.key) ?? 0) + 1;
      const out = map(record, context, count).map((v) => ({ topic: output, key: record.key, value: { v } }));
      return { puts: new Map([[record.key, count]]), out };
    },
  };
  return processor as AnyProcessor;
}

interface Alarm {
  readonly at: Instant;
  readonly again: number;
}

/** Wakes each key so long after its last record, and then `again` times more; tells of records and wakes in the order of happening. */
export function alarm({
  afterMs,
  again = 0,
}: {
  readonly afterMs: (record: Recorded) => number;
  readonly again?: number;
}): AnyProcessor {
  const processor: Processor<Alarm> = {
    id: 'test-alarm',
    inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
    outputs: ['signals'],
    state: jsonCodec<Alarm>(1),
    keys: ({ key }) => [key],
    step: (_, record, { now }) => ({
      puts: new Map([[record.key, { at: now + afterMs(record), again }]]),
      out: [told(record.key, 'record', now)],
    }),
    wakeAt: ({ at }) => at,
    wake: (key, state, { now }) => ({
      puts: new Map([[key, state.again > 0 ? { at: now + 1_000, again: state.again - 1 } : undefined]]),
      out: [told(key, 'wake', now)],
    }),
  };
  return processor as AnyProcessor;
}

const told = (key: string, what: string, now: Instant) =>
  ({ topic: 'signals', key, value: { v: `${what} ${key} ${now}` } }) as const;

/** What was written to `signals`, in order. */
export const signals = async (opened: OpenedEventLog): Promise<readonly unknown[]> =>
  (await recordsOf(opened, 'signals')).map(contentOf);

/** Records over several shards and keys, numbered from `from`. */
export const many = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i) => item(from + i, { shard: i % 5, key: `k${i % 3}` }));
