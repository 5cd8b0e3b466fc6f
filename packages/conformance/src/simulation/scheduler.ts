import { setImmediate as turn } from 'node:timers/promises';
import { Random } from './random.ts';

/** Something that can go on by one step, up to its next await. */
export interface Actor {
  ready(): boolean;
  resume(): void;
}

/**
 * Decides who goes on next, one step at a time, by the seed alone. Between two steps promises outside the simulation get
 * their turn. Nothing here waits for real time.
 */
export class Scheduler {
  readonly random: Random;
  readonly #actors: Actor[] = [];
  readonly #maxSteps: number;
  #pumping: Promise<void> | undefined;
  #steps = 0;
  #failure: unknown;

  constructor(seed: number, maxSteps: number) {
    this.random = new Random(seed);
    this.#maxSteps = maxSteps;
  }

  add(actor: Actor): void {
    this.#actors.push(actor);
    this.nudge();
  }

  remove(actor: Actor): void {
    const at = this.#actors.indexOf(actor);
    if (at >= 0) this.#actors.splice(at, 1);
  }

  /** Something may have become ready: a record, the clock, an abort. */
  nudge(): void {
    this.#pumping ??= this.#pump();
  }

  /** Resolves when nobody has anything left to do, promises outside included. */
  async settled(): Promise<void> {
    this.#steps = 0;
    for (let before = -1; before !== this.#steps; await turn()) {
      before = this.#steps;
      this.nudge();
      await this.#pumping;
      if (this.#failure) throw this.#failure;
    }
  }

  async #pump(): Promise<void> {
    try {
      await undefined;
      for (let actor = this.#next(); actor; actor = this.#next()) {
        if (++this.#steps > this.#maxSteps)
          throw new Error(`the simulation does not settle in ${this.#maxSteps} steps`);
        actor.resume();
        await undefined;
      }
    } catch (failure) {
      this.#failure = failure;
    } finally {
      this.#pumping = undefined;
    }
  }

  #next(): Actor | undefined {
    const count = this.#actors.length;
    const start = count === 0 ? 0 : this.random.below(count);
    for (let i = 0; i < count; i++) {
      const actor = this.#actors[(start + i) % count];
      if (actor?.ready()) return actor;
    }
    return undefined;
  }
}
