import { type Instant, LogError, type TopicName } from '@tocsin/core';
import type { TopicPartitionOffset } from 'kafkajs';
import type { Addressed } from './byte-chunks.ts';
import type { Batch, FusedTask } from './fused-task.ts';
import { progressMessage, stateMessage } from './progress.ts';
import { SignalFlag } from './signal-flag.ts';
import type { TaskContext } from './task-context.ts';
import { TaskInputs } from './task-inputs.ts';
import { inputPlaces, restoredTask } from './task-restore.ts';
import { TransactionWriter } from './transaction-writer.ts';

/** Records of one transaction at most. */
const batchRecords = 1_000;
/** Longest timer, far more than anything waits for in practice. */
const longestWaitMs = 60_000;

/** Thrown where a task waits that is to end. */
class Over extends Error {}

interface Serving {
  readonly fused: FusedTask;
  readonly inputs: TaskInputs;
}

/**
 * Task p of a list at one member: take it over, restore it, then read, step and commit, until it is given away or the run
 * ends. After an error nobody knows what was committed: everything in memory is dropped, and once the group has shown that
 * this member still belongs to it, the task starts again from the log.
 */
export class TaskLoop {
  readonly partition: number;
  /** Settles when nothing of it is under way any more; never rejects. */
  readonly done: Promise<void>;
  readonly #context: TaskContext;
  readonly #flag = new SignalFlag();
  readonly #over: Promise<never>;
  #end: () => void = () => {};
  #stopping = false;
  #writers: TransactionWriter[] = [];
  #serving: Serving | undefined;
  #resting = false;
  /** As of the last commit. */
  #last: ReadonlyMap<TopicName, number> | undefined;

  constructor(context: TaskContext, partition: number, after: Promise<void>) {
    this.partition = partition;
    this.#context = context;
    this.#over = new Promise((_, reject) => {
      this.#end = () => reject(new Over());
    });
    this.#over.catch(() => {});
    this.done = after.then(() => this.#live());
  }

  /** Commits what is in flight, then ends. */
  stop(): void {
    this.#stopping = true;
    this.#end();
    this.#flag.raise();
  }

  /** The clock may have moved. */
  nudge(): void {
    this.#flag.raise();
  }

  /** How far it has read, for lag tools; nothing is started from it. */
  places(): readonly TopicPartitionOffset[] {
    const places = this.#last ?? new Map<TopicName, number>();
    const { names } = this.#context;
    return [...places].map(([topic, offset]) => ({
      topic: names.of(topic),
      partition: this.partition,
      offset: String(offset),
    }));
  }

  /** Whether it has read everything that is committed now, and nothing is due. */
  async settled(): Promise<boolean> {
    const serving = this.#serving;
    if (!serving || !this.#atRest(serving)) return false;
    const caughtUp = await serving.inputs.readToEnd();
    return caughtUp && this.#serving === serving && this.#atRest(serving);
  }

  #atRest({ fused, inputs }: Serving): boolean {
    const wake = fused.earliestWake;
    const due = wake !== undefined && wake <= this.#context.clock();
    return this.#resting && inputs.quiet && !due;
  }

  async #live(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#serve();
      } catch (error) {
        await this.#clear();
        if (this.#stopping || error instanceof Over) return;
        if (isFinal(error)) return this.#context.failed(finalOf(error, this.#context.processors[0]?.id ?? ''));
        this.#context.report(`task ${this.#writerId} starts again: ${textOf(error)}`);
        // A former owner that made itself a new producer at once would fence the rightful one.
        await this.#orOver(this.#context.proof()).catch(() => {});
      }
    }
    await this.#clear();
  }

  async #clear(): Promise<void> {
    this.#serving?.inputs.close();
    this.#serving = undefined;
    this.#context.pacer.forget(this);
    await Promise.all(this.#writers.splice(0).map((writer) => writer.close()));
  }

  async #serve(): Promise<void> {
    const { partition } = this;
    const context = this.#context;
    const writer = await this.#fence();
    const fused = await this.#orOver(restoredTask({ context, partition, writer, writerId: this.#writerId }));
    const places = await this.#orOver(inputPlaces(context, fused, partition));
    const inputs = new TaskInputs({ context, partition, places, fused, onFed: () => this.#flag.raise() });
    const serving = { fused, inputs };
    this.#serving = serving;
    await this.#orOver(inputs.open());
    while (await this.#work(serving)) await this.#commit(serving, writer);
  }

  get #writerId(): string {
    const { names, processors } = this.#context;
    return names.transactional(processors[0]?.id ?? '', this.partition);
  }

  /** Every processor of the list is fenced, for it may have run alone before; the first one's producer writes. */
  async #fence(): Promise<TransactionWriter> {
    const { kafka, names, processors, transactionTimeoutMs } = this.#context;
    for (const { id } of processors) {
      const fencing = TransactionWriter.fence(kafka, names.transactional(id, this.partition), transactionTimeoutMs);
      void fencing.then((writer) => (this.#stopping ? writer.close() : undefined)).catch(() => {});
      this.#writers.push(await this.#orOver(fencing));
    }
    const [first, ...others] = this.#writers;
    if (!first) throw new LogError('stopped', 'a list without processors cannot run');
    this.#writers = [first];
    await Promise.all(others.map((other) => other.close()));
    return first;
  }

  /** Takes what has come, or acts on a silence. False when it has been told to stop and has nothing to commit. */
  async #work(serving: Serving): Promise<boolean> {
    const { fused, inputs } = serving;
    while (!this.#stopping) {
      if (inputs.empty) await this.#silence(serving);
      else await this.#gather(inputs);
      const preparing = inputs.prepare();
      if (preparing) await this.#orOver(preparing);
      for (const record of inputs.take(batchRecords)) fused.take(record);
      await this.#orOver(inputs.followUp());
      if (fused.dirty) return true;
    }
    return false;
  }

  async #gather(inputs: TaskInputs): Promise<void> {
    const until = performance.now() + this.#context.pacer.lingerMs(this);
    for (let left = until - performance.now(); left > 0; left = until - performance.now()) {
      if (this.#stopping || inputs.hurried) return;
      await this.#flag.wait(left);
    }
  }

  /** Wakes follow only when everything has been read to an end taken after they were due. */
  async #silence({ fused, inputs }: Serving): Promise<void> {
    const now = this.#context.clock();
    const wake = fused.earliestWake;
    if (wake !== undefined && wake <= now) {
      const caughtUp = await this.#orOver(inputs.readToEnd());
      if (caughtUp && inputs.empty) return fused.idle(now);
    }
    if (!inputs.empty) return;
    this.#resting = true;
    this.#context.rested();
    await this.#flag.wait(waitMs(wake, now));
    this.#resting = false;
  }

  async #commit({ fused }: Serving, writer: TransactionWriter): Promise<void> {
    const { names, pacer, offsets } = this.#context;
    const places = await writer.commit(this.#messages(fused.batch()), offsets.brokers);
    pacer.committed(this);
    this.#last = fused.places();
    for (const { topicName, baseOffset = '0' } of places) {
      const topic = names.topicOf(topicName);
      if (topic !== undefined) fused.wrote(topic, Number(baseOffset));
    }
    this.#context.moved();
  }

  #messages({ out, changes, progress }: Batch): readonly Addressed[] {
    const { names, codec } = this.#context;
    const { partition } = this;
    const timestamp = String(Date.now());
    return [
      ...out.map((output) => ({ topic: names.of(output.topic), message: codec.encode(output) })),
      ...changes.map(({ processor, key, text }) => ({
        topic: names.changelog(processor.id),
        message: { ...stateMessage(key, processor.state.version, text), partition, timestamp },
      })),
      ...progress.map((one) => ({
        topic: names.changelog(one.processor),
        message: { ...progressMessage(one.progress), partition, timestamp },
      })),
    ];
  }

  #orOver<T>(promise: Promise<T>): Promise<T> {
    promise.catch(() => {});
    return Promise.race([promise, this.#over]);
  }
}

function waitMs(wake: Instant | undefined, now: Instant): number {
  if (wake === undefined) return longestWaitMs;
  // Due, but something that is committed has not been fetched yet.
  return wake <= now ? 20 : Math.min(longestWaitMs, wake - now);
}

/** Errors that another attempt would only meet again. */
const finalTypes = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'OFFSET_OUT_OF_RANGE', 'TOPIC_AUTHORIZATION_FAILED'];

const isFinal = (error: unknown): boolean =>
  error instanceof LogError ? error.code === 'stopped' : finalTypes.includes((error as { type?: string }).type ?? '');

function finalOf(error: unknown, processor: string): LogError {
  if (error instanceof LogError) return error;
  return new LogError('stopped', `${processor} stopped: ${textOf(error)}`, { cause: error });
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
