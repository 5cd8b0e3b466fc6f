import {
  type AnyProcessor,
  type Instant,
  LogError,
  partitionCount,
  type Recorded,
  type TopicName,
  topicShape,
} from '@tocsin/core';
import type { Progress, Taken } from './progress.ts';
import { type Emitted, ProcessorTask } from './processor-task.ts';

/** A record that a task has written; Kafka gives it its offset. */
export type Output = Omit<Recorded, 'offset'> & { readonly seq: number };

export interface StateChange {
  readonly processor: AnyProcessor;
  readonly key: string;
  readonly text: string | undefined;
}

/** What one transaction commits. */
export interface Batch {
  readonly out: readonly Output[];
  readonly changes: readonly StateChange[];
  readonly progress: readonly { readonly processor: string; readonly progress: Progress }[];
}

export interface FusedAbout {
  readonly processors: readonly AnyProcessor[];
  readonly partition: number;
  readonly partitions: number;
  /** Transactional id of whoever commits for it. */
  readonly writer: string;
  /** Notes what was taken in each transaction's progress. */
  readonly trace: boolean;
}

/**
 * Task p of a fused list in memory: takes records, passes what is derived on to the other processors of the list, and hands
 * out what must be committed together. What is thrown away with it was never committed.
 */
export class FusedTask {
  readonly tasks: readonly ProcessorTask[];
  readonly #about: FusedAbout;
  #out: Output[] = [];
  #taken: Taken[] = [];
  #dirty = false;

  constructor(about: FusedAbout) {
    this.#about = about;
    this.tasks = about.processors.map((processor) => new ProcessorTask(processor, about.partition));
  }

  /** Where the inputs would be looked for after a restart: by topic, the lowest place of those that read it. */
  places(): ReadonlyMap<TopicName, number> {
    const places = new Map<TopicName, number>();
    for (const task of this.tasks)
      for (const { topic } of task.processor.inputs)
        if (task.inputOf(topic))
          places.set(topic, Math.min(places.get(topic) ?? Number.MAX_SAFE_INTEGER, task.reached(topic).hint));
    return places;
  }

  /** Something was taken that is not committed yet. */
  get dirty(): boolean {
    return this.#dirty;
  }

  get earliestWake(): Instant | undefined {
    const wakes = this.tasks.flatMap((task) => task.earliestWake ?? []);
    return wakes.length === 0 ? undefined : Math.min(...wakes);
  }

  /** Whether some processor of the list has not read yet what another one of it has written. */
  lags(topic: TopicName): boolean {
    const written = Math.max(
      0,
      ...this.tasks.filter(({ processor }) => writes(processor, topic)).map((task) => task.nextSeq(topic)),
    );
    return this.tasks.some((task) => task.inputOf(topic) && task.reached(topic).next < written);
  }

  /** A record that was read from the log. A `seq` that was seen is dropped; a gap stops the task. */
  take(record: Recorded): void {
    const standings = this.tasks.map((task) => task.standing(record));
    for (const [i, standing] of standings.entries()) {
      if (standing === 'seen') this.tasks[i]?.point(record.topic, record.offset + 1);
      if (standing === 'gap')
        throw this.#stopped(i, nameOf(record), new Error(`a gap: seq ${record.seq} came too early`));
    }
    if (!standings.includes('next')) return;
    this.#note(['record', record.topic, record.partition, record.offset]);
    this.#drain(this.#hand(record, record.offset + 1));
  }

  /** Wakes of a silence that lasted until then: each processor's, and what follows from them, before the next one's. */
  idle(until: Instant): void {
    this.#note(['idle', until]);
    for (const [i, task] of this.tasks.entries()) {
      const emitted = this.#guarded(i, `the wakes until ${until}`, () => task.advance(until));
      this.#drain(emitted.map((one) => this.#emit(i, one)));
    }
  }

  /** Where the log has put the first records of a topic in a commit: what the list reads of its own is not read back. */
  wrote(topic: TopicName, offset: number): void {
    const lags = this.lags(topic);
    for (const task of this.tasks) {
      task.wrote(topic, offset);
      if (!lags) task.point(topic, offset + 1);
    }
  }

  /** What belongs into one transaction, and starts the next. */
  batch(): Batch {
    const { writer, trace } = this.#about;
    const out = this.#out;
    const changes = this.tasks.flatMap(({ processor, states }) =>
      states.changes().map((change) => ({ processor, ...change })),
    );
    const progress = this.tasks.map((task, i) => ({
      processor: task.processor.id,
      progress: { ...task.progress(writer), ...(trace && i === 0 && { taken: this.#taken }) },
    }));
    this.#out = [];
    this.#taken = [];
    this.#dirty = false;
    return { out, changes, progress };
  }

  #note(taken: Taken): void {
    this.#dirty = true;
    if (this.#about.trace) this.#taken.push(taken);
  }

  /** First in, first out: what was written first is handed on first. */
  #drain(queue: Output[]): void {
    for (let at = 0; at < queue.length; at += 1) {
      const output = queue[at];
      if (output) queue.push(...this.#hand({ ...output, offset: output.seq }, undefined));
    }
  }

  #hand(record: Recorded, hint: number | undefined): Output[] {
    const outputs: Output[] = [];
    for (const [i, task] of this.tasks.entries()) {
      if (task.standing(record) !== 'next') continue;
      const emitted = this.#guarded(i, nameOf(record), () => task.accept(record, hint));
      for (const one of emitted) outputs.push(this.#emit(i, one));
    }
    return outputs;
  }

  #emit(i: number, { draft, at }: Emitted): Output {
    const { partition, partitions } = this.#about;
    const task = this.tasks[i];
    const { topic } = draft;
    const own = task !== undefined && writes(task.processor, topic) && topicShape(topic).writers === 'one';
    if (!own || partition >= partitionCount(topic, partitions))
      throw this.#stopped(i, `its output`, new Error(`it may not write ${topic} from partition ${partition}`));
    const output = { ...draft, partition, seq: task.takeSeq(topic), recordedAt: at };
    this.#out.push(output);
    return output;
  }

  #guarded<T>(i: number, where: string, work: () => T): T {
    try {
      return work();
    } catch (cause) {
      throw this.#stopped(i, where, cause);
    }
  }

  #stopped(i: number, where: string, cause: unknown): LogError {
    if (cause instanceof LogError) return cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new LogError('stopped', `${this.tasks[i]?.processor.id} stopped at ${where}: ${reason}`, { cause });
  }
}

const writes = ({ id, outputs }: AnyProcessor, topic: TopicName): boolean =>
  outputs.includes(topic) || topic === `${id}.dead`;

const nameOf = ({ topic, partition, offset }: Pick<Recorded, 'topic' | 'partition' | 'offset'>): string =>
  `${topic}/${partition}@${offset}`;
