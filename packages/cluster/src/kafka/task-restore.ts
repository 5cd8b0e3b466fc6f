import { LogError, partitionCount, type TopicName, topicShape } from '@tocsin/core';
import { FusedTask } from './fused-task.ts';
import { placeName } from './offsets.ts';
import type { ProcessorTask } from './processor-task.ts';
import { changelogEntry, type Progress, progressMessage } from './progress.ts';
import { readRange } from './read-range.ts';
import { seqOf } from './record-codec.ts';
import type { TaskContext } from './task-context.ts';
import { TransactionWriter } from './transaction-writer.ts';

interface Restoring {
  readonly context: TaskContext;
  readonly partition: number;
  readonly writer: TransactionWriter;
  readonly writerId: string;
}

/** Rebuilds a task from its changelogs, its tables included. Its former owner is fenced: what is read is all there will be. */
export async function restoredTask(restoring: Restoring): Promise<FusedTask> {
  const { context, partition, writerId } = restoring;
  const { processors, partitions, names, trace } = context;
  const fenced = new Set(processors.map(({ id }) => names.transactional(id, partition)));
  for (;;) {
    const fused = new FusedTask({ processors, partition, partitions, writer: writerId, trace });
    const read = await Promise.all(fused.tasks.map((task) => readChangelog(context, task, partition)));
    const writers = new Set(read.flatMap((progress) => (progress ? [progress.writer] : [])));
    const strangers = [...writers].filter((id) => !fenced.has(id));
    if (strangers.length === 0) {
      for (const [i, task] of fused.tasks.entries()) await resume(context, { task, partition, progress: read[i] });
      await begin(
        fused.tasks.filter((_, i) => read[i] === undefined),
        restoring,
      );
      return fused;
    }
    await fenceAll(context, strangers);
    for (const id of strangers) fenced.add(id);
  }
}

/** A list that was put together otherwise wrote this changelog, and one of its members may still believe in the task. */
async function fenceAll({ kafka, transactionTimeoutMs }: TaskContext, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const former = await TransactionWriter.fence(kafka, id, transactionTimeoutMs);
    await former.close();
  }
}

interface Resuming {
  readonly task: ProcessorTask;
  readonly partition: number;
  readonly progress: Progress | undefined;
}

async function resume(context: TaskContext, { task, partition, progress }: Resuming): Promise<void> {
  if (!progress) return;
  await refill(context, task, progress);
  await Promise.all(
    Object.keys(progress.seqs).map((topic) => notBehind(context, { task, partition, progress }, topic)),
  );
}

/** A changelog that was lost in part would number its outputs again, and nobody could tell them apart. */
async function notBehind(
  context: TaskContext,
  { task, partition, progress }: Resuming & { progress: Progress },
  topic: string,
): Promise<void> {
  const { names, offsets, session } = context;
  const place = { topic: names.prefix + topic, partition };
  const [start = 0] = (await offsets.starts([place])).values();
  const [end = 0] = (await offsets.ends([place])).values();
  const next = progress.seqs[topic] ?? 0;
  await readRange(session, { ...place, from: Math.max(start, progress.written[topic] ?? 0), end }, (records) => {
    const seq = Math.max(-1, ...records.map(seqOf));
    if (seq >= next)
      throw new LogError(
        'stopped',
        `${task.processor.id} does not start: its changelog ends before seq ${next} of ${placeName(place)}, which holds ${seq}`,
      );
  });
}

/**
 * A task without a changelog may start only where it has never written anything. From its first record on the changelog is
 * never empty again: so an empty one beside outputs is one that was lost.
 */
async function begin(
  fresh: readonly ProcessorTask[],
  { context, partition, writer, writerId }: Restoring,
): Promise<void> {
  const { names, offsets } = context;
  if (fresh.length === 0) return;
  for (const { processor } of fresh) {
    const outputs = [...processor.outputs, `${processor.id}.dead` as const]
      .filter((topic) => partition < partitionCount(topic, context.partitions))
      .map((topic) => ({ topic: names.of(topic), partition }));
    const changelog = { topic: names.changelog(processor.id), partition };
    const ends = await offsets.ends([...outputs, changelog]);
    const written = outputs.find((place) => (ends.get(placeName(place)) ?? 0) > 0);
    if (written && ends.get(placeName(changelog)) === 0)
      throw new LogError(
        'stopped',
        `${processor.id} does not start: its changelog ${placeName(changelog)} is empty, but it has written ${placeName(written)}`,
      );
  }
  await writer.commit(
    fresh.map((task) => ({
      topic: names.changelog(task.processor.id),
      message: { ...progressMessage(task.progress(writerId)), partition, timestamp: String(Date.now()) },
    })),
  );
}

async function readChangelog(
  { names, offsets, session }: TaskContext,
  task: ProcessorTask,
  partition: number,
): Promise<Progress | undefined> {
  const place = { topic: names.changelog(task.processor.id), partition };
  const [start = 0] = (await offsets.starts([place])).values();
  const [end = 0] = (await offsets.ends([place])).values();
  let progress: Progress | undefined;
  try {
    await readRange(session, { ...place, from: start, end }, (records) => {
      for (const record of records) {
        const entry = changelogEntry(record);
        if (entry.kind === 'progress') progress = entry.progress;
        else task.states.restore(entry.key, entry.text, entry.version);
      }
    });
  } catch (error) {
    throw unreadable(task, error);
  }
  if (progress) task.restore(progress);
  return progress;
}

const unreadable = ({ processor }: ProcessorTask, cause: unknown): LogError => {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new LogError('stopped', `${processor.id} does not start: its changelog cannot be read: ${reason}`, { cause });
};

/** A table goes on from the version this task had seen, whatever it has become meanwhile. */
async function refill({ tables }: TaskContext, task: ProcessorTask, progress: Progress): Promise<void> {
  const topics = new Set((task.processor.tables ?? []).map(({ topic }) => topic));
  for (const feed of tables) {
    if (!topics.has(feed.topic)) continue;
    for (const record of await feed.loaded()) task.refill(record, progress.tables);
  }
}

/** An input of a task and where to read on. */
export interface InputPlace {
  readonly topic: TopicName;
  readonly partition: number;
  readonly next: number;
}

/**
 * Where each input goes on. Refuses what the log no longer holds, and positions after its end: the topic was made anew.
 */
export async function inputPlaces(
  { names, offsets, processors }: TaskContext,
  fused: FusedTask,
  partition: number,
): Promise<readonly InputPlace[]> {
  const topics = [...new Set(processors.flatMap(({ inputs }) => inputs.map(({ topic }) => topic)))];
  const mine = topics.filter((topic) => fused.tasks.some((task) => task.inputOf(topic)));
  const places = mine.map((topic) => ({ topic: names.of(topic), partition }));
  const [starts, ends] = await Promise.all([offsets.starts(places), offsets.ends(places)]);
  return mine.map((topic) => {
    const name = placeName({ topic: names.of(topic), partition });
    const bounds = { start: starts.get(name) ?? 0, end: ends.get(name) ?? 0 };
    const wanted = fused.tasks.filter((task) => task.inputOf(topic)).map((task) => placeOf(task, topic, bounds));
    return { topic, partition, next: Math.min(...wanted) };
  });
}

function placeOf(
  task: ProcessorTask,
  topic: TopicName,
  { start, end }: { readonly start: number; readonly end: number },
): number {
  const { next, hint } = task.reached(topic);
  const refuse = (why: string): LogError =>
    new LogError('stopped', `${task.processor.id} does not start: ${topic} ${why}`);
  if (hint > end) throw refuse(`ends at ${end}, before its position ${hint}: it was made anew`);
  const begun = next > 0 || hint > 0;
  if (begun && hint < start && topicShape(topic).writers === 'many')
    throw refuse(`begins at ${start}, after its position ${hint}: what lies between is lost`);
  return Math.max(hint, start);
}
