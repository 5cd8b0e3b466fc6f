import { type Instant, partitionCount } from '@tocsin/core';
import { FusedTask } from './fused-task.ts';
import type { PartitionLog } from './partition-log.ts';
import type { Random } from './random.ts';
import type { Actor } from './scheduler.ts';
import { FencedError, type Ownership } from './store.ts';
import type { SimulatedList } from './simulated-list.ts';
import { type Batch, Transaction } from './transaction.ts';

/** One input or table of a task, and how far this member has looked. */
interface Source {
  readonly log: PartitionLog;
  offset: number;
}
const isUnread = ({ log, offset }: Source): boolean => log.stableEnd > offset;

/**
 * One member's life with one task: take the task over, restore it from its changelog, then read, step and commit, until it
 * leaves, loses the task or dies. Every `yield` is an await: the place where anything may happen to it.
 */
export class TaskFiber implements Actor {
  readonly partition: number;
  readonly member: number;
  readonly #list: SimulatedList;
  readonly #random: Random;
  readonly #life: Generator<void, void, void>;
  #task: FusedTask | undefined;
  #sources: Source[] = [];
  #waiting = false;
  /** Asked to hand the task over; finishes what it has begun. */
  leaving = false;

  constructor(list: SimulatedList, at: { readonly partition: number; readonly member: number }) {
    this.#list = list;
    this.#random = list.random;
    this.partition = at.partition;
    this.member = at.member;
    this.#life = this.#live();
  }

  ready(): boolean {
    return !this.#waiting || this.leaving || this.#hasWork();
  }

  resume(): void {
    try {
      if (this.#list.disturb(this)) return;
      if (this.#life.next().done) this.#list.ended(this);
    } catch (failure) {
      if (failure instanceof FencedError) this.#list.fenced(this);
      else this.#list.failed(failure);
    }
  }

  /** True between two batches: nothing of it is under way. */
  get resting(): boolean {
    return this.#waiting;
  }

  *#live(): Generator<void, void, void> {
    const { store, processors, clock } = this.#list;
    while (!this.leaving && !this.#list.lost(this)) {
      yield;
      const owner = store.own(processors.map(({ id }) => `${id}.${this.partition}`));
      yield;
      this.#task = new FusedTask(store, { processors, partition: this.partition, clock });
      this.#sources = this.#sourcesOf(this.#task);
      yield* this.#serve(this.#task, owner);
    }
  }

  /** Ends when the task is left, or has to be started again because a transaction was aborted. */
  *#serve(task: FusedTask, owner: Ownership): Generator<void, void, void> {
    for (;;) {
      yield* this.#rest();
      if (this.leaving) return;
      for (let reads = this.#random.between(1, 3); reads > 0; reads--) {
        this.#read(task);
        yield;
      }
      const due = this.#wakeDue(task);
      if (due !== undefined) task.idle(due);
      if (task.dirty && !(yield* this.#commit(task.batch(), owner))) return;
    }
  }

  *#rest(): Generator<void, void, void> {
    this.#waiting = true;
    do yield;
    while (!this.leaving && !this.#hasWork());
    this.#waiting = false;
  }

  /** Takes some of what has arrived on some input: others may be late. */
  #read(task: FusedTask): void {
    const unread = this.#sources.filter(isUnread);
    if (unread.length === 0) return;
    const source = this.#random.pick(unread);
    const { records, next } = source.log.scan(source.offset, this.#random.between(1, 4));
    for (const record of records) task.take(record);
    source.offset = next;
  }

  /** One-partition topics are read by task 0, and as tables by all. */
  #sourcesOf(task: FusedTask): Source[] {
    const { store } = this.#list;
    return [...task.sources()].map(([topic, offset]) => {
      const partition = partitionCount(topic, store.partitions) === 1 ? 0 : this.partition;
      return { log: store.log(topic, partition), offset };
    });
  }

  /** Without traffic wakes run only when every input has been read to its end. */
  #wakeDue(task: FusedTask): Instant | undefined {
    const now = this.#list.clock();
    const early = this.#list.store.fault === 'wakes-before-backlog';
    if (!early && this.#sources.some(isUnread)) return undefined;
    const wake = task.earliestWake;
    return wake !== undefined && wake <= now ? now : undefined;
  }

  #hasWork(): boolean {
    return this.#sources.some(isUnread) || (this.#task !== undefined && this.#wakeDue(this.#task) !== undefined);
  }

  /** False when it was aborted. */
  *#commit(batch: Batch, owner: Ownership): Generator<void, boolean, void> {
    const { store, chaos } = this.#list;
    yield;
    const transaction = new Transaction(store, owner);
    if (store.fault === 'state-without-outputs') store.apply(batch.partition, batch.changes, batch.entries);
    yield;
    // A few awaits a transaction, however large: else a large one would never get through the crashes.
    const chunk = Math.ceil(batch.out.length / 6);
    for (const [i, record] of batch.out.entries()) {
      transaction.write(record);
      if (i % chunk === 0) yield;
    }
    if (this.#random.chance(chaos.abort)) {
      transaction.abort();
      return false;
    }
    yield;
    if (store.fault === 'outputs-without-state' || store.fault === 'state-without-outputs') transaction.commitOutputs();
    else transaction.commit(batch);
    yield;
    if (store.fault === 'outputs-without-state') store.apply(batch.partition, batch.changes, batch.entries);
    return true;
  }
}
