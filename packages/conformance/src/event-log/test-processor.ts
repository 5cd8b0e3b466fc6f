import {
  type AnyProcessor,
  type Context,
  type Draft,
  type Instant,
  jsonCodec,
  murmur2,
  type Processor,
  type Recorded,
  type Snapshots,
  type StateKey,
  type Step,
  type Table,
  type TopicName,
  topicShape,
} from '@tocsin/core';

/** Parameters of a processor that is made up for a test. */
export interface TestSpec {
  readonly id: string;
  readonly inputs: readonly TopicName[];
  readonly output: TopicName;
  /** Number of state keys that records are spread over. */
  readonly spread: number;
  /** Also keeps one entry that every record touches. */
  readonly shared: boolean;
  readonly fanOut: number;
  /** Each record sets a wake so much later; 0 asks for it at once, a negative one in the past. */
  readonly delayMs: number | undefined;
  /** How often a wake sets the next one. */
  readonly rearm: number;
  /** Forgets an entry at every so-manieth record. */
  readonly forgetAt: number;
  readonly table: boolean;
}

/** What the tests append. `bad` is refused by processors that look. */
export interface TestValue {
  readonly v: number;
  readonly bad?: string;
}

interface TestState {
  readonly n: number;
  /** Digest of everything this entry has seen, in order. */
  readonly trace: number;
  readonly due?: Instant;
  readonly left: number;
}

/** Counts configuration changes and keeps the last. */
export const testTable: Table<{ readonly changes: number; readonly last: number }> = {
  name: 'test-configuration',
  topic: 'config',
  initial: { changes: 0, last: -1 },
  apply: ({ changes }, record) => ({ changes: changes + 1, last: (record.value as TestValue).v }),
};

const utf8 = new TextEncoder();
const digest = (text: string): number => murmur2(utf8.encode(text));

/** Everything that a step may look at goes into what it writes, so that any difference shows. */
export function testProcessor(spec: TestSpec): AnyProcessor {
  const processor: Processor<TestState> = {
    id: spec.id,
    inputs: spec.inputs.map((topic) => ({ topic, onBad: 'dead-letter', bad: badOf })),
    outputs: [spec.output],
    ...(spec.table && { tables: [testTable] }),
    state: jsonCodec<TestState>(1),
    keys: (record, tables) => keysOf(spec, record, tables),
    step: (states, record, context) => stepOf(spec, { states, record, context }),
    ...(spec.delayMs !== undefined && {
      wakeAt: ({ due }: TestState) => due,
      wake: (key: StateKey, state: TestState, context: Context) => wakeOf(spec, { key, state, context }),
    }),
  };
  return processor as AnyProcessor;
}

/** Writes what `config-commands` says to `config`, as the control service does. */
export const testControl: AnyProcessor = {
  id: 'test-control',
  inputs: [{ topic: 'config-commands', onBad: 'dead-letter', bad: badOf }],
  outputs: ['config'],
  state: jsonCodec<unknown>(1),
  keys: () => ['all'],
  step: (states, record) => ({
    puts: new Map([['all', { n: ((states.get('all') as { n: number } | undefined)?.n ?? 0) + 1 }]]),
    out: [{ topic: 'config', key: record.key, value: record.value }],
  }),
};

function badOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null && 'bad' in value ? String(value.bad) : undefined;
}

function keysOf({ spread, shared, table }: TestSpec, { key }: Recorded, tables: Snapshots): readonly StateKey[] {
  const own = `${digest(key) % (spread + (table ? tables.get(testTable).value.changes % 2 : 0))}`;
  return shared ? [own, 'shared'] : [own];
}

function stepOf(
  spec: TestSpec,
  {
    states,
    record,
    context,
  }: {
    readonly states: ReadonlyMap<StateKey, TestState>;
    readonly record: Recorded;
    readonly context: Context;
  },
): Step<TestState> {
  const puts = new Map<StateKey, TestState | undefined>();
  for (const key of keysOf(spec, record, context.tables)) {
    const next = after(spec, states.get(key), { record, now: context.now });
    puts.set(key, next.n % spec.forgetAt === 0 ? undefined : next);
  }
  const about = { seen: [...puts].map(([key, state]) => [key, state?.n ?? 0, state?.trace ?? 0]) };
  return {
    puts,
    out: Array.from({ length: spec.fanOut }, (_, i) => draftOf(spec, context, { ...about, i, of: record.key })),
  };
}

function after(
  { delayMs, rearm }: TestSpec,
  state: TestState | undefined,
  { record, now }: { readonly record: Recorded; readonly now: Instant },
): TestState {
  const trace = digest(`${state?.trace ?? 0} ${record.topic} ${record.key} ${JSON.stringify(record.value)}`);
  const due = delayMs === undefined ? {} : { due: now + delayMs };
  return { n: (state?.n ?? 0) + 1, trace, left: rearm, ...due };
}

function wakeOf(
  spec: TestSpec,
  { key, state, context }: { readonly key: StateKey; readonly state: TestState; readonly context: Context },
): Step<TestState> {
  const { due: _, ...rest } = state;
  const again = { ...rest, left: state.left - 1, due: context.now + Math.max(1, spec.delayMs ?? 1) };
  const woken = state.left > 0 ? again : rest;
  return {
    puts: new Map([[key, woken]]),
    out: [draftOf(spec, context, { woke: key, n: state.n, trace: state.trace, of: key })],
  };
}

function draftOf(
  spec: TestSpec,
  context: Context,
  about: { readonly of: string } & Readonly<Record<string, unknown>>,
): Draft {
  const { now, watermark, partition, tables } = context;
  const table = spec.table ? tables.get(testTable) : undefined;
  const value = { by: spec.id, now, watermark, partition, ...about, ...(table && { table }) };
  const text = topicShape(spec.output).text === true;
  return { topic: spec.output, key: about.of, value: text ? JSON.stringify(value) : value };
}
