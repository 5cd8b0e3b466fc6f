import type { AnyProcessor, LogError, TopicName } from '@tocsin/core';
import { FetchSession } from './fetch-session.ts';
import { clusterOf } from './kafka-client.ts';
import { Membership } from './membership.ts';
import { Offsets } from './offsets.ts';
import { TableFeed } from './table-feed.ts';
import type { TaskContext } from './task-context.ts';
import { TaskLoop } from './task-loop.ts';

type Shared = Pick<
  TaskContext,
  | 'kafka'
  | 'names'
  | 'codec'
  | 'partitions'
  | 'clock'
  | 'transactionTimeoutMs'
  | 'trace'
  | 'pacer'
  | 'report'
  | 'moved'
  | 'rested'
>;

export interface ListAbout extends Shared {
  readonly processors: readonly AnyProcessor[];
  readonly instance: string;
  readonly sessionTimeoutMs: number;
  readonly heartbeatMs: number;
  readonly pollMs: number;
}

/** How often lag tools are told. */
const noteEveryMs = 5_000;
const tableBytes = 1024 * 1024;
const taskBytes = 1024 * 1024;

/** One member of the group that runs a list: takes the tasks that the group gives it, and leaves them when it takes them away. */
export class ListRun {
  readonly processors: readonly AnyProcessor[];
  readonly #context: TaskContext;
  readonly #membership: Membership;
  readonly #tableSession: FetchSession;
  readonly #tasks = new Map<number, TaskLoop>();
  /** Tasks that were taken away and are still coming to their end. */
  readonly #leaving = new Map<number, Promise<void>>();
  #over: (error?: LogError) => void = () => {};
  readonly #ended: Promise<LogError | undefined>;
  #stopping = false;
  readonly #ending = new AbortController();
  #noting: NodeJS.Timeout | undefined;

  constructor(about: ListAbout) {
    const { kafka, names, codec, processors, partitions, pollMs, instance } = about;
    this.processors = processors;
    this.#ended = new Promise((resolve) => {
      this.#over = resolve;
    });
    const options = { maxWaitMs: pollMs };
    this.#tableSession = new FetchSession(clusterOf(kafka), { ...options, bytesPerPartition: tableBytes });
    const offsets = new Offsets(clusterOf(kafka));
    const { signal } = this.#ending;
    const feedParts = { session: this.#tableSession, offsets, names, codec, signal, report: about.report };
    this.#context = {
      ...about,
      session: new FetchSession(clusterOf(kafka), { ...options, bytesPerPartition: taskBytes }),
      offsets,
      tables: tableTopics(processors).map((topic) => new TableFeed(topic, feedParts)),
      proof: () => this.#membership.proof(),
      failed: (error) => this.#over(error),
    };
    this.#membership = new Membership({
      kafka,
      group: names.group(processors),
      topic: names.changelog(processors[0]?.id ?? ''),
      partitions,
      instance,
      sessionTimeoutMs: about.sessionTimeoutMs,
      heartbeatMs: about.heartbeatMs,
      pollMs,
      report: about.report,
      owned: () => [...this.#tasks.keys()],
      assigned: (tasks) => this.#assigned(tasks),
    });
  }

  /** Resolves when the signal has aborted and what was in flight is committed; rejects when a task stops. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#over();
    signal.addEventListener('abort', stop, { once: true });
    try {
      if (signal.aborted) return;
      await Promise.race([this.#membership.join(), this.#ended]);
      this.#noting = setInterval(() => void this.#note(), noteEveryMs);
      const error = await this.#ended;
      await this.#leave();
      if (error) throw error;
    } finally {
      signal.removeEventListener('abort', stop);
      await this.#leave();
    }
  }

  /** Ends without any goodbye, as a process that is killed; `run` never settles. */
  kill(): void {
    this.#stopping = true;
    clearInterval(this.#noting);
    for (const task of this.#tasks.values()) task.stop();
    void this.#membership.leave({ silently: true });
    void this.#close();
  }

  nudge(): void {
    for (const task of this.#tasks.values()) task.nudge();
  }

  /** Whether all tasks are here, have read everything, and have nothing due. */
  async settled(): Promise<boolean> {
    if (this.#tasks.size < this.#context.partitions) return false;
    const tasks = await Promise.all([...this.#tasks.values()].map((task) => task.settled()));
    return tasks.every((settled) => settled);
  }

  #assigned(mine: ReadonlySet<number>): void {
    if (this.#stopping) return;
    for (const [partition, task] of this.#tasks) {
      if (mine.has(partition)) continue;
      task.stop();
      this.#tasks.delete(partition);
      this.#leaving.set(partition, task.done);
    }
    for (const partition of mine) {
      if (this.#tasks.has(partition)) continue;
      const before = this.#leaving.get(partition) ?? Promise.resolve();
      this.#tasks.set(partition, new TaskLoop(this.#context, partition, before));
    }
    this.#context.moved();
  }

  async #leave(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const task of this.#tasks.values()) task.stop();
    await Promise.all([...this.#tasks.values()].map(({ done }) => done));
    await Promise.all(this.#leaving.values());
    clearInterval(this.#noting);
    await this.#note();
    await this.#membership.leave();
    await this.#close();
  }

  #note(): Promise<void> {
    return this.#membership.note([...this.#tasks.values()].flatMap((task) => task.places()));
  }

  async #close(): Promise<void> {
    const { session, offsets } = this.#context;
    this.#ending.abort();
    await Promise.all([session.close(), this.#tableSession.close(), offsets.close()]);
  }
}

const tableTopics = (processors: readonly AnyProcessor[]): readonly TopicName[] => [
  ...new Set(processors.flatMap(({ tables = [] }) => tables.map(({ topic }) => topic))),
];
