import { type AnyProcessor, fold, partitionCount, type Recorded, type TopicName } from '@tocsin/core';
import { expect } from 'vitest';
import { deepFreeze } from '../simulation/frozen.ts';
import type { OpenedEventLog } from './harness.ts';

/** All committed records of some topics, by topic. */
export async function committed(
  { log }: OpenedEventLog,
  topics: readonly TopicName[],
): Promise<ReadonlyMap<TopicName, readonly Recorded[]>> {
  const found = new Map<TopicName, Recorded[]>(topics.map((topic) => [topic, []]));
  const request = {
    topics: [...found.keys()],
    from: 'start',
    follow: false,
    signal: new AbortController().signal,
  } as const;
  for await (const batch of log.read(request)) for (const record of batch) found.get(record.topic)?.push(record);
  return found;
}

/** Committed records of one topic. */
export const recordsOf = async (opened: OpenedEventLog, topic: TopicName): Promise<readonly Recorded[]> =>
  (await committed(opened, [topic])).get(topic) ?? [];

const topicsOf = (list: readonly AnyProcessor[]): readonly TopicName[] =>
  list.flatMap(({ id, inputs, tables = [], outputs }) => [
    ...inputs.map(({ topic }) => topic),
    ...tables.map(({ topic }) => topic),
    ...outputs,
    `${id}.dead` as const,
  ]);

/** A fused list must have committed exactly what `fold` says for the records and silences it took. */
export async function expectFolded(opened: OpenedEventLog, list: readonly AnyProcessor[]): Promise<void> {
  const found = await committed(opened, topicsOf(list));
  for (let partition = 0; partition < opened.log.partitions; partition++)
    await expectTask(opened, list, { found, partition });
}

interface Task {
  readonly found: ReadonlyMap<TopicName, readonly Recorded[]>;
  readonly partition: number;
}

async function expectTask(opened: OpenedEventLog, list: readonly AnyProcessor[], task: Task): Promise<void> {
  const entries = await opened.interleaving(list, task.partition);
  const taken = entries.flatMap((entry) => (entry.kind === 'record' ? [entry.record] : []));
  expectAllTaken(list, task, taken);
  const { out, states } = fold(list, task.partition, deepFreeze(plain(entries)));
  for (const processor of list) {
    const held = await opened.states(processor, task.partition);
    expect(plain([...held].sort()), `state of ${processor.id}`).toEqual(
      plain([...(states.get(processor.id) ?? [])].sort()),
    );
  }
  for (const topic of new Set(list.flatMap(({ id, outputs }) => [...outputs, `${id}.dead` as const]))) {
    const records = (task.found.get(topic) ?? []).filter(({ partition }) => partition === task.partition);
    const drafts = out.filter((draft) => draft.topic === topic);
    expect(plain(records.map(shown)), `what was written to ${topic}/${task.partition}`).toEqual(
      plain(drafts.map(shown)),
    );
  }
}

/** Nothing of an input is left out, taken twice or out of order. */
function expectAllTaken(list: readonly AnyProcessor[], { found, partition }: Task, taken: readonly Recorded[]): void {
  const own = new Set(list.flatMap(({ outputs }) => outputs));
  const inputs = list.flatMap(({ inputs }) => inputs.map(({ topic }) => topic));
  for (const topic of new Set(inputs)) {
    if (own.has(topic) || partition >= partitionCount(topic, Number.MAX_SAFE_INTEGER)) continue;
    const all = (found.get(topic) ?? []).filter((record) => record.partition === partition);
    const got = taken.filter((record) => record.topic === topic);
    expect(got.map(placeOf), `records of ${topic}/${partition} that the list took`).toEqual(all.map(placeOf));
  }
}

const placeOf = ({ offset, key, value }: Recorded): unknown => [offset, key, value];
const shown = ({ key, value, recordedAt, occurredAt, seq }: Omit<Recorded, 'partition' | 'offset'>): unknown => ({
  seq,
  key,
  value,
  recordedAt,
  occurredAt,
});
/** As storage gives it back: without absent keys. */
const plain = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;
