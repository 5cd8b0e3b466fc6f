import {
  type AnyProcessor,
  type Entry,
  type Instant,
  LogError,
  partitionCount,
  type Recorded,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import { type Emitted, ProcessorTask } from './processor-task.ts';
import type { Store } from './store.ts';
import type { Batch } from './transaction.ts';

type Output = Omit<Recorded, 'offset'> & { readonly seq: number };

/**
 * Task p of a fused list, as its member holds it in memory: takes records in some order, passes what is derived on to the
 * other processors of the list, and hands out what must be committed together.
 */
export class FusedTask {
  readonly partition: number;
  readonly #tasks: readonly ProcessorTask[];
  readonly #store: Store;
  readonly #clock: () => Instant;
  #out: Output[] = [];
  #entries: Entry[] = [];

  constructor(
    store: Store,
    { processors, partition, clock }: { processors: readonly AnyProcessor[]; partition: number; clock: () => Instant },
  ) {
    this.partition = partition;
    this.#store = store;
    this.#clock = clock;
    this.#tasks = processors.map((processor) => this.#restored(processor));
  }

  #restored(processor: AnyProcessor): ProcessorTask {
    const changelog = this.#store.changelog(processor.id, this.partition);
    const { fault } = this.#store;
    const task = new ProcessorTask({ processor, partition: this.partition, fault }, changelog);
    for (const table of processor.tables ?? []) {
      const version = changelog.progress.tables.get(table.name) ?? -1;
      const { records } = this.#store.log(table.topic, 0).scan(0, Number.POSITIVE_INFINITY);
      const newest = this.#store.fault === 'forgotten-table-version';
      for (const record of records) if (newest || (record.seq ?? 0) <= version) task.tables.apply(record);
    }
    return task;
  }

  /** Where to look for unread records: by topic, the lowest position of those who read it. */
  sources(): Map<TopicName, number> {
    const sources = new Map<TopicName, number>();
    for (const task of this.#tasks) {
      for (const { topic } of task.processor.inputs)
        if (task.inputOf(topic))
          sources.set(topic, Math.min(sources.get(topic) ?? Number.MAX_SAFE_INTEGER, task.reached(topic).hint));
      for (const { topic } of task.processor.tables ?? []) sources.set(topic, 0);
    }
    return sources;
  }

  get earliestWake(): Instant | undefined {
    const wakes = this.#tasks.map(({ earliestWake }) => earliestWake).filter((wake) => wake !== undefined);
    return wakes.length === 0 ? undefined : Math.min(...wakes);
  }

  /** A record that was read from the log. A `seq` that was seen is dropped; a gap stops the task. */
  take(record: Recorded): void {
    const standings = this.#tasks.map((task) => task.standing(record));
    for (const [i, standing] of standings.entries()) {
      if (standing === 'seen') this.#tasks[i]?.pass(record);
      if (standing === 'gap') throw stopped(this.#tasks[i], record, new Error(`gap: seq ${record.seq} came too early`));
    }
    if (!standings.includes('next')) return;
    this.#entries.push({ kind: 'record', record });
    this.#drain(this.#hand(record, record.offset + 1));
  }

  /** Wakes of a silence that lasted until then. */
  idle(until: Instant): void {
    this.#entries.push({ kind: 'idle', until });
    for (const task of this.#tasks) {
      const emitted = guarded(task, `idle until ${until}`, () => task.idle(until));
      this.#drain(emitted.map((one) => this.#emit(task, one)));
    }
  }

  get dirty(): boolean {
    return this.#entries.length > 0;
  }

  /** What belongs into one transaction, and starts the next. */
  batch(): Batch {
    const changes = this.#tasks.map((task) => task.change());
    const batch = { partition: this.partition, out: this.#out, changes, entries: this.#entries };
    this.#out = [];
    this.#entries = [];
    return batch;
  }

  #drain(queue: Output[]): void {
    for (let output = queue.shift(); output; output = queue.shift())
      queue.push(...this.#hand({ ...output, offset: output.seq }, undefined));
  }

  #hand(record: Recorded, hint: number | undefined): Output[] {
    const outputs: Output[] = [];
    for (const task of this.#tasks) {
      if (task.standing(record) !== 'next') continue;
      const emitted = guarded(task, nameOf(record), () => task.accept(record, hint));
      outputs.push(...emitted.map((one) => this.#emit(task, one)));
    }
    return outputs;
  }

  #emit(task: ProcessorTask, { draft, at }: Emitted): Output {
    const { id, outputs } = task.processor;
    const own = outputs.includes(draft.topic) || draft.topic === `${id}.dead`;
    const fits = this.partition < partitionCount(draft.topic, this.#store.partitions);
    if (!own || !fits || topicShape(draft.topic).writers === 'many')
      throw new LogError('stopped', `${id} stopped: it may not write ${draft.topic} from partition ${this.partition}`);
    const recordedAt = this.#store.fault === 'derived-by-clock' ? this.#clock() : at;
    const output = Object.freeze({ ...draft, partition: this.partition, seq: task.nextSeq(draft.topic), recordedAt });
    this.#out.push(output);
    return output;
  }
}

const nameOf = ({ topic, partition, offset }: Recorded): string => `${topic}/${partition}@${offset}`;

function guarded<T>(task: ProcessorTask, where: string, run: () => T): T {
  try {
    return run();
  } catch (cause) {
    throw stopped(task, where, cause);
  }
}

function stopped(task: ProcessorTask | undefined, at: Recorded | string, cause: unknown): LogError {
  if (cause instanceof LogError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const where = typeof at === 'string' ? at : nameOf(at);
  return new LogError('stopped', `${task?.processor.id} stopped at ${where}: ${reason}`, { cause });
}
