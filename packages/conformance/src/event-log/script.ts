import { type AnyProcessor, type Append, minute, type TopicName } from '@tocsin/core';
import fc from 'fast-check';
import type { OpenedEventLog, Running } from './harness.ts';
import { type TestSpec, testControl, testProcessor } from './test-processor.ts';

interface Item {
  readonly topic: TopicName;
  readonly shard: number;
  readonly key: number;
  readonly v: number;
  readonly bad: boolean;
  /** Source clock against the log's; undefined has no event time. */
  readonly leadMs: number | undefined;
}

export type Op =
  | { readonly kind: 'append'; readonly items: readonly Item[] }
  /** Not waited for: what follows happens while it is under way. */
  | { readonly kind: 'send'; readonly items: readonly Item[] }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'settle' }
  /** The appends are under way, acknowledged or not. */
  | { readonly kind: 'crash'; readonly items: readonly Item[] }
  | { readonly kind: 'restart' };

const outside: readonly TopicName[] = ['grouped-detections', 'commands', 'attempts', 'activity', 'config-commands'];
const outputs: readonly TopicName[] = ['signals', 'triage-events', 'deliveries', 'audit'];

const item: fc.Arbitrary<Item> = fc.record({
  topic: fc.constantFrom(...outside),
  shard: fc.nat(7),
  key: fc.nat(4),
  v: fc.nat(1_000),
  bad: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  leadMs: fc.option(fc.integer({ min: -3_600_000, max: 3_600_000 }), { nil: undefined }),
});

const op: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      items: fc.array(item, { minLength: 1, maxLength: 8 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('send' as const),
      items: fc.array(item, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.constantFrom(1, 40, 999, 61_000, 7_200_000) }),
  },
  { weight: 2, arbitrary: fc.constant({ kind: 'settle' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('crash' as const), items: fc.array(item, { maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);
/** What happens to a log: appends, passing time, silence, crashes, orderly restarts. */
export const script: fc.Arbitrary<readonly Op[]> = fc.array(op, { minLength: 3, maxLength: 25 });

const spec = (at: number): fc.Arbitrary<TestSpec> =>
  fc.record({
    id: fc.constant(`test-${at}`),
    inputs: fc
      .uniqueArray(fc.constantFrom(...outside.slice(0, 4), ...outputs.slice(0, at)), { minLength: 1, maxLength: 3 })
      .map((topics) =>
        at > 0 && !topics.includes(outputs[at - 1] ?? 'signals') ? [...topics, outputs[at - 1] ?? 'signals'] : topics,
      ),
    output: fc.constant(outputs[at] ?? 'audit'),
    spread: fc.integer({ min: 1, max: 4 }),
    shared: fc.boolean(),
    fanOut: fc.integer({ min: 0, max: 3 }),
    delayMs: fc.option(fc.constantFrom(-50, 0, 30, 900, minute, 90 * minute), { nil: undefined }),
    rearm: fc.integer({ min: 0, max: 2 }),
    forgetAt: fc.integer({ min: 2, max: 9 }),
    table: fc.boolean(),
  });

/** One to three processors, each reading what the one before it writes and topics from outside; control first where it is needed. */
export const specs: fc.Arbitrary<readonly TestSpec[]> = fc
  .integer({ min: 1, max: 3 })
  .chain((length) => fc.tuple(...Array.from({ length }, (_, at) => spec(at))));

export const processorsOf = (specs: readonly TestSpec[]): readonly AnyProcessor[] => [
  ...(specs.some(({ table }) => table) ? [testControl] : []),
  ...specs.map(testProcessor),
];

/** Plays a script on lists that run side by side, then lets everything come to rest. */
export async function play(
  opened: OpenedEventLog,
  lists: readonly (readonly AnyProcessor[])[],
  ops: readonly Op[],
): Promise<void> {
  let runs = lists.map((processors) => opened.start(processors));
  for (const op of ops) runs = await act(opened, { op, runs, lists });
  await opened.settled();
  opened.advance(24 * 60 * minute);
  await opened.settled();
  for (const run of runs) await run.stop();
}

async function act(
  opened: OpenedEventLog,
  {
    op,
    runs,
    lists,
  }: { readonly op: Op; readonly runs: Running[]; readonly lists: readonly (readonly AnyProcessor[])[] },
): Promise<Running[]> {
  switch (op.kind) {
    case 'append':
      await opened.log.append(op.items.map((one) => appendOf(one, opened.now())));
      return runs;
    case 'send':
      opened.log.append(op.items.map((one) => appendOf(one, opened.now()))).catch(() => {});
      await new Promise((resolve) => setImmediate(resolve));
      return runs;
    case 'advance':
      opened.advance(op.ms);
      return runs;
    case 'settle':
      await opened.settled();
      return runs;
    case 'crash':
      opened.log.append(op.items.map((one) => appendOf(one, opened.now()))).catch(() => {});
      await opened.crash();
      return lists.map((processors) => opened.start(processors));
    case 'restart':
      for (const run of runs) await run.stop();
      return lists.map((processors) => opened.start(processors));
    default:
      return op satisfies never;
  }
}

const appendOf = ({ topic, shard, key, v, bad, leadMs }: Item, now: number): Append => ({
  topic,
  shard,
  key: `key-${shard}-${key}`,
  value: { v, ...(bad && { bad: 'marked as bad' }) },
  ...(leadMs !== undefined && { occurredAt: now + leadMs }),
});
