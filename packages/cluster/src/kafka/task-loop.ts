import { type Instant, LogError, type Recorded, type TopicName } from '@tocsin/core';
import type { RecordMetadata } from 'kafkajs';
import type { Addressed } from './byte-chunks.ts';
import type { Fetched } from './fetch-session.ts';
import type { Batch, FusedTask } from './fused-task.ts';
import { placeName } from './offsets.ts';
import { progressMessage, stateMessage } from './progress.ts';
import { SignalFlag } from './signal-flag.ts';
import type { TaskContext } from './task-context.ts';
import { TaskQueue } from './task-queue.ts';
import { inputPlaces, type InputPlace, restoredTask } from './task-restore.ts';
import { TransactionWriter } from './transaction-writer.ts';

/** Records of one transaction at most. */
const batchRecords = 1_000;
/** A task that holds this many bytes asks for no more until it has worked off most of them. */
const fullBytes = 8 * 1024 * 1024;
/** Longest timer that node takes without surprises, and far less than anything waits for in practice. */
const longestWaitMs = 60_000;

class Over extends Error {}

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
  readonly #queue: TaskQueue;
  readonly #flag = new SignalFlag();
  readonly #over: Promise<never>;
  readonly #urgent: ReadonlySet<TopicName>;
  readonly #written: ReadonlySet<TopicName>;
  #end: () => void = () => {};
  #stopping = false;
  #writers: TransactionWriter[] = [];
  #fused: FusedTask | undefined;
  #places: readonly InputPlace[] = [];
  #positions = new Map<TopicName, number>();
  #catchingUp: readonly InputPlace[] = [];
  #unfollow: (() => void)[] = [];
  #failure: Error | undefined;
  #resting = false;
  #full = false;

  constructor(context: TaskContext, partition: number, after: Promise<void>) {
    this.partition = partition;
    this.#context = context;
    this.#queue = new TaskQueue(context.codec);
    this.#over = new Promise((_, reject) => {
      this.#end = () => reject(new Over());
    });
    this.#over.catch(() => {});
    const { processors } = context;
    this.#urgent = new Set(
      processors.flatMap(({ inputs }) => inputs.flatMap(({ topic, urgent }) => (urgent ? [topic] : []))),
    );
    this.#written = new Set(processors.flatMap(({ id, outputs }) => [...outputs, `${id}.dead` as const]));
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

  /** Whether it has read everything that is committed now, and nothing is due. */
  async settled(): Promise<boolean> {
    if (!this.#atRest()) return false;
    const caughtUp = await this.#readToEnd();
    return caughtUp && this.#atRest();
  }

  #atRest(): boolean {
    const wake = this.#fused?.earliestWake;
    const due = wake !== undefined && wake <= this.#context.clock();
    return this.#resting && this.#queue.empty && !due && this.#catchingUp.length === 0;
  }

  async #live(): Promise<void> {
    while (!this.#stopping) {
      try {
        await this.#serve();
      } catch (error) {
        if (this.#stopping || error instanceof Over) break;
        if (isFinal(error)) {
          this.#context.failed(finalOf(error, this.#context.processors[0]?.id ?? ''));
          break;
        }
        this.#context.report(`task ${this.#writerId} starts again: ${textOf(error)}`);
        await this.#clear();
        // A former owner that made itself a new producer at once would fence the rightful one.
        await this.#orOver(this.#context.proof()).catch(() => {});
      } finally {
        await this.#clear();
      }
    }
  }

  async #clear(): Promise<void> {
    const { session, names, pacer } = this.#context;
    for (const { topic } of this.#places) session.drop(names.of(topic), this.partition);
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    this.#queue.clear();
    this.#fused = undefined;
    this.#failure = undefined;
    this.#full = false;
    this.#positions = new Map();
    this.#catchingUp = [];
    pacer.forget(this);
    await Promise.all(this.#writers.splice(0).map((writer) => writer.close()));
  }

  async #serve(): Promise<void> {
    const writer = await this.#fence();
    const { context, partition, writerId } = {
      context: this.#context,
      partition: this.partition,
      writerId: this.#writerId,
    };
    const fused = await this.#orOver(restoredTask({ context, partition, writer, writerId }));
    this.#fused = fused;
    this.#places = await this.#orOver(inputPlaces(context, fused, partition));
    await this.#subscribe(fused);
    while (await this.#work(fused)) await this.#commit(fused, writer);
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

  /** First what this list has written itself and a processor of it has not read yet; then everything else. */
  async #subscribe(fused: FusedTask): Promise<void> {
    this.#catchingUp = this.#places.filter(({ topic }) => this.#written.has(topic) && fused.lags(topic));
    if (this.#catchingUp.length > 0) for (const place of this.#catchingUp) this.#want(place);
    else await this.#subscribeOutside();
  }

  async #subscribeOutside(): Promise<void> {
    for (const place of this.#places) if (!this.#written.has(place.topic)) this.#want(place);
    for (const feed of this.#context.tables) {
      const known = await this.#orOver(feed.loaded());
      // All of it again: what the tasks have seen they drop, as a table's version says.
      this.#queue.pushTable(known);
      this.#unfollow.push(feed.follow(known.length, (records) => this.#fedTable(records)));
    }
    this.#flag.raise();
  }

  #want({ topic, next }: InputPlace): void {
    const { session, names } = this.#context;
    this.#positions.set(topic, next);
    session.want({
      topic: names.of(topic),
      partition: this.partition,
      next,
      take: (fetched) => this.#fed(topic, fetched),
      fail: (error) => {
        this.#failure = error;
        this.#flag.raise();
      },
    });
  }

  #fed(topic: TopicName, fetched: Fetched): void {
    this.#positions.set(topic, fetched.next);
    this.#queue.push(topic, fetched);
    if (this.#queue.bytes > fullBytes) this.#pause(true);
    this.#flag.raise();
    this.#context.moved();
  }

  #fedTable(records: readonly Recorded[]): void {
    this.#queue.pushTable(records);
    this.#flag.raise();
  }

  #pause(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    const { session, names } = this.#context;
    for (const topic of this.#positions.keys()) session.pause(names.of(topic), this.partition, full);
  }

  /** Takes what has come, or acts on a silence. False when it has been told to stop and has nothing more to commit. */
  async #work(fused: FusedTask): Promise<boolean> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      if (this.#stopping) return false;
      if (!this.#queue.empty) {
        await this.#gather();
        for (const record of this.#queue.take(batchRecords)) fused.take(record);
      } else await this.#silence(fused);
      if (this.#full && this.#queue.bytes < fullBytes / 4) this.#pause(false);
      await this.#caughtUp(fused);
      if (fused.dirty) return true;
    }
  }

  async #caughtUp(fused: FusedTask): Promise<void> {
    if (this.#catchingUp.length === 0 || this.#catchingUp.some(({ topic }) => fused.lags(topic))) return;
    const { session, names } = this.#context;
    for (const { topic } of this.#catchingUp) {
      session.drop(names.of(topic), this.partition);
      this.#positions.delete(topic);
    }
    this.#catchingUp = [];
    await this.#subscribeOutside();
  }

  async #gather(): Promise<void> {
    const until = performance.now() + this.#context.pacer.lingerMs(this);
    for (let left = until - performance.now(); left > 0 && !this.#hurried(); left = until - performance.now())
      await this.#flag.wait(left);
  }

  #hurried(): boolean {
    return this.#stopping || this.#queue.has(this.#urgent) || this.#queue.bytes > fullBytes / 4;
  }

  /** Wakes follow only when everything has been read to an end taken after they were due. */
  async #silence(fused: FusedTask): Promise<void> {
    const now = this.#context.clock();
    const wake = fused.earliestWake;
    if (wake !== undefined && wake <= now) {
      const caughtUp = await this.#orOver(this.#readToEnd());
      if (caughtUp && this.#queue.empty) return fused.idle(now);
    }
    if (this.#queue.empty) await this.#rest(this.#waitMs(wake, now));
  }

  #waitMs(wake: Instant | undefined, now: Instant): number {
    if (wake === undefined) return longestWaitMs;
    return wake <= now ? 20 : Math.min(longestWaitMs, wake - now);
  }

  async #rest(ms: number): Promise<void> {
    this.#resting = true;
    this.#context.rested();
    await this.#flag.wait(ms);
    this.#resting = false;
  }

  async #readToEnd(): Promise<boolean> {
    const { names, offsets, tables } = this.#context;
    if (this.#catchingUp.length > 0) return false;
    const inputs = [...this.#positions].map(([topic, position]) => ({
      topic: names.of(topic),
      partition: this.partition,
      position: () => this.#positions.get(topic) ?? position,
    }));
    const feeds = tables.map((feed) => ({ topic: names.of(feed.topic), partition: 0, position: () => feed.position }));
    const ends = await offsets.ends([...inputs, ...feeds]);
    return [...inputs, ...feeds].every((place) => place.position() >= (ends.get(placeName(place)) ?? 0));
  }

  async #commit(fused: FusedTask, writer: TransactionWriter): Promise<void> {
    const places = await writer.commit(this.#messages(fused.batch()));
    this.#context.pacer.committed(this);
    for (const place of places) this.#committed(fused, place);
    this.#context.moved();
  }

  /** What the list reads of its own is not read back: where it lies says the broker's answer. */
  #committed(fused: FusedTask, { topicName, baseOffset }: RecordMetadata): void {
    const own = this.#places.find(
      ({ topic }) => this.#written.has(topic) && this.#context.names.of(topic) === topicName,
    );
    if (own && baseOffset !== undefined) fused.point(own.topic, Number(baseOffset) + 1);
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

/** Errors that another attempt would only meet again. */
const finalTypes = ['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE', 'OFFSET_OUT_OF_RANGE', 'TOPIC_AUTHORIZATION_FAILED'];

const isFinal = (error: unknown): boolean =>
  error instanceof LogError ? error.code === 'stopped' : finalTypes.includes((error as { type?: string }).type ?? '');

function finalOf(error: unknown, processor: string): LogError {
  if (error instanceof LogError) return error;
  return new LogError('stopped', `${processor} stopped: ${textOf(error)}`, { cause: error });
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
