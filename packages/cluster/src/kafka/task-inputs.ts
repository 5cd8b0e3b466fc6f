import type { Recorded, TopicName } from '@tocsin/core';
import type { Fetched } from './fetch-session.ts';
import type { FusedTask } from './fused-task.ts';
import { placeName } from './offsets.ts';
import type { TaskContext } from './task-context.ts';
import { TaskQueue } from './task-queue.ts';
import type { InputPlace } from './task-restore.ts';

/** A task that holds this many bytes asks for no more until it has worked off most of them. */
const fullBytes = 8 * 1024 * 1024;

export interface InputsAbout {
  readonly context: TaskContext;
  readonly partition: number;
  readonly places: readonly InputPlace[];
  readonly fused: FusedTask;
  /** Something has come. */
  readonly onFed: () => void;
}

/**
 * What a task reads: first what its own list has written and a processor of it has not read yet, then everything else and
 * the tables. What the list writes passes in memory and is not read back.
 */
export class TaskInputs {
  readonly #about: InputsAbout;
  readonly #queue: TaskQueue;
  readonly #written: ReadonlySet<TopicName>;
  readonly #urgent: ReadonlySet<TopicName>;
  /** How far each topic that is read now has been fetched. */
  readonly #positions = new Map<TopicName, number>();
  #catchingUp: readonly InputPlace[] = [];
  #unfollow: (() => void)[] = [];
  #failure: Error | undefined;
  #full = false;
  readonly #ending = new AbortController();

  constructor(about: InputsAbout) {
    this.#about = about;
    const { processors, codec } = about.context;
    this.#queue = new TaskQueue(codec);
    this.#written = new Set(processors.flatMap(({ id, outputs }) => [...outputs, `${id}.dead` as const]));
    const inputs = processors.flatMap((processor) => processor.inputs);
    this.#urgent = new Set(inputs.flatMap(({ topic, urgent }) => (urgent ? [topic] : [])));
  }

  /** Nothing waits to be taken, and nothing of the list's own is still to be read. */
  get quiet(): boolean {
    return this.#queue.empty && this.#catchingUp.length === 0;
  }

  get empty(): boolean {
    return this.#queue.empty;
  }

  /** No time to gather more: a command waits, or there is enough already. */
  get hurried(): boolean {
    return this.#queue.has(this.#urgent) || this.#queue.bytes > fullBytes / 4;
  }

  async open(): Promise<void> {
    const { places, fused } = this.#about;
    this.#catchingUp = places.filter(({ topic }) => this.#written.has(topic) && fused.lags(topic));
    if (this.#catchingUp.length > 0) for (const place of this.#catchingUp) this.#want(place);
    else await this.#openOutside();
  }

  /** To be awaited before `take`, unless it is undefined. */
  prepare(): Promise<void> | undefined {
    return this.#queue.prepare(this.#ending.signal);
  }

  /** Throws what has befallen an input. */
  *take(limit: number): Generator<Recorded> {
    if (this.#failure) throw this.#failure;
    yield* this.#queue.take(limit);
    if (this.#full && this.#queue.bytes < fullBytes / 4) this.#pause(false);
  }

  /** To be called after records were taken: once the list has read its own, the rest follows. */
  async followUp(): Promise<void> {
    const { context, partition, fused } = this.#about;
    if (this.#catchingUp.length === 0 || this.#catchingUp.some(({ topic }) => fused.lags(topic))) return;
    for (const { topic } of this.#catchingUp) {
      context.session.drop(context.names.of(topic), partition);
      this.#positions.delete(topic);
    }
    this.#catchingUp = [];
    await this.#openOutside();
  }

  /** Whether everything has been fetched that is committed at the time of the call. */
  async readToEnd(): Promise<boolean> {
    const { names, offsets, tables } = this.#about.context;
    const { partition } = this.#about;
    if (this.#catchingUp.length > 0) return false;
    const inputs = [...this.#positions.keys()].map((topic) => ({
      topic: names.of(topic),
      partition,
      position: () => this.#positions.get(topic) ?? 0,
    }));
    const feeds = tables.map((feed) => ({ topic: names.of(feed.topic), partition: 0, position: () => feed.position }));
    const ends = await offsets.ends([...inputs, ...feeds]);
    return [...inputs, ...feeds].every((place) => place.position() >= (ends.get(placeName(place)) ?? 0));
  }

  close(): void {
    const { context, places, partition } = this.#about;
    this.#ending.abort();
    for (const { topic } of places) context.session.drop(context.names.of(topic), partition);
    for (const unfollow of this.#unfollow.splice(0)) unfollow();
    this.#queue.clear();
  }

  async #openOutside(): Promise<void> {
    const { context, places, onFed } = this.#about;
    for (const place of places) if (!this.#written.has(place.topic)) this.#want(place);
    for (const feed of context.tables) {
      const known = await feed.loaded();
      if (this.#ending.signal.aborted) return;
      // All of it again: what the tasks have seen they drop, as a table's version says.
      this.#queue.pushTable(known);
      this.#unfollow.push(
        feed.follow(known.length, (records) => {
          this.#queue.pushTable(records);
          onFed();
        }),
      );
    }
    onFed();
  }

  #want({ topic, next }: InputPlace): void {
    const { context, partition, onFed } = this.#about;
    this.#positions.set(topic, next);
    context.session.want({
      topic: context.names.of(topic),
      partition,
      next,
      take: (fetched) => this.#fed(topic, fetched),
      fail: (error) => {
        this.#failure = error;
        onFed();
      },
    });
  }

  #fed(topic: TopicName, fetched: Fetched): void {
    this.#positions.set(topic, fetched.next);
    this.#queue.push(topic, fetched);
    if (this.#queue.bytes > fullBytes) this.#pause(true);
    this.#about.context.moved();
    this.#about.onFed();
  }

  #pause(full: boolean): void {
    if (this.#full === full) return;
    this.#full = full;
    const { context, partition } = this.#about;
    for (const topic of this.#positions.keys()) context.session.pause(context.names.of(topic), partition, full);
  }
}
