import type { AnyProcessor, Instant } from '@tocsin/core';
import type { Random } from './random.ts';
import type { Scheduler } from './scheduler.ts';
import type { Store } from './store.ts';
import { TaskFiber } from './task-fiber.ts';

/** Chances, per step of a task, of what may happen to it. */
export interface Chaos {
  /** A whole member dies with every task on it; they start again elsewhere from the changelog. */
  readonly crash: number;
  /** A task is handed over: its member finishes what it has begun. */
  readonly move: number;
  /** A task is given away while its member does not know: until it is fenced, both work. */
  readonly zombie: number;
  /** Per transaction: it is aborted and the task starts again. */
  readonly abort: number;
}
export const calm: Chaos = { crash: 0, move: 0, zombie: 0, abort: 0 };
export const rough: Chaos = { crash: 0.01, move: 0.01, zombie: 0.01, abort: 0.05 };

interface Parts {
  readonly store: Store;
  readonly scheduler: Scheduler;
  readonly processors: readonly AnyProcessor[];
  readonly clock: () => Instant;
  readonly chaos: Chaos;
  readonly members: number;
}

/** A fused list that runs: one task a partition, spread over members that crash and lose tasks to one another. */
export class SimulatedList {
  readonly store: Store;
  readonly processors: readonly AnyProcessor[];
  readonly clock: () => Instant;
  readonly chaos: Chaos;
  readonly random: Random;
  /** Resolves when it was stopped and nothing is under way; rejects when a task stops. */
  readonly done: Promise<void>;
  readonly #scheduler: Scheduler;
  readonly #members: number;
  readonly #owners = new Map<number, TaskFiber>();
  readonly #zombies = new Set<TaskFiber>();
  #resolve: () => void = () => {};
  #reject: (reason: unknown) => void = () => {};
  #failure: unknown;
  #stopping = false;

  constructor({ store, scheduler, processors, clock, chaos, members }: Parts) {
    this.store = store;
    this.processors = processors;
    this.clock = clock;
    this.chaos = chaos;
    this.random = scheduler.random;
    this.#scheduler = scheduler;
    this.#members = members;
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    for (let partition = 0; partition < store.partitions; partition++) this.#start(partition, partition % members);
  }

  /** Commits what is in flight, then ends. */
  stop(): void {
    this.#stopping = true;
    for (const fiber of this.#owners.values()) fiber.leaving = true;
    this.#scheduler.nudge();
  }

  /** Everything in memory is gone at once; `done` never settles. */
  kill(): void {
    for (const fiber of [...this.#owners.values(), ...this.#zombies]) this.#scheduler.remove(fiber);
    this.#owners.clear();
    this.#zombies.clear();
  }

  /** Called before each step of a task; true when the step is not to be made. */
  disturb(fiber: TaskFiber): boolean {
    if (this.#zombies.has(fiber) || fiber.leaving) return false;
    if (fiber.resting && !this.random.chance(0.2)) return false;
    if (this.random.chance(this.chaos.crash)) this.#crash(fiber.member);
    else if (this.random.chance(this.chaos.zombie)) this.#abandon(fiber);
    else if (this.random.chance(this.chaos.move)) fiber.leaving = true;
    else return false;
    return true;
  }

  /** The task was left in order: another member takes it, unless all is over. */
  ended(fiber: TaskFiber): void {
    this.#scheduler.remove(fiber);
    if (this.#zombies.delete(fiber)) return;
    this.#owners.delete(fiber.partition);
    if (!this.#stopping) this.#start(fiber.partition, this.random.below(this.#members));
    else if (this.#owners.size === 0) this.#finish();
  }

  /** True once another member has the task; a member knows it only when it asks. */
  lost(fiber: TaskFiber): boolean {
    return this.#zombies.has(fiber);
  }

  /** A newer owner ended its right. A member that still has the task (its former owner came late) starts it again. */
  fenced(fiber: TaskFiber): void {
    this.#scheduler.remove(fiber);
    if (this.#zombies.delete(fiber)) return;
    this.#owners.delete(fiber.partition);
    this.#start(fiber.partition, fiber.member);
  }

  /** A task stops for good; the others commit what they have in flight and end. */
  failed(failure: unknown): void {
    this.#failure ??= failure;
    this.kill();
    this.#finish();
  }

  #finish(): void {
    if (this.#failure === undefined) this.#resolve();
    else this.#reject(this.#failure);
  }

  #crash(member: number): void {
    const lost = [...this.#owners.values()].filter((fiber) => fiber.member === member);
    for (const fiber of lost) {
      this.#scheduler.remove(fiber);
      this.#owners.delete(fiber.partition);
      this.#start(fiber.partition, this.random.below(this.#members));
    }
  }

  #abandon(fiber: TaskFiber): void {
    this.#zombies.add(fiber);
    this.#start(fiber.partition, (fiber.member + 1) % this.#members);
  }

  #start(partition: number, member: number): void {
    const fiber = new TaskFiber(this, { partition, member });
    fiber.leaving = this.#stopping;
    this.#owners.set(partition, fiber);
    this.#scheduler.add(fiber);
  }
}
