import type { Instant } from '@tocsin/core';

/** `go`: a slot is taken. `paused`: the group must rest first. `stopped`: no job begins any more. */
export type SlotAnswer = 'go' | 'paused' | 'stopped';

export interface SlotLimits {
  readonly total: number;
  readonly perGroup: (group: string) => number;
}

interface Group {
  readonly waiting: ((answer: SlotAnswer) => void)[];
  running: number;
  pausedUntil: Instant;
}

/** How many jobs may run at once in this process, altogether and of one group. Groups take turns. */
export class WorkSlots {
  readonly #limits: SlotLimits;
  readonly #groups = new Map<string, Group>();
  /** Groups with somebody waiting, in turn. */
  readonly #turns = new Set<string>();
  #running = 0;
  #stopped = false;
  #idle: (() => void)[] = [];

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  take(name: string): Promise<SlotAnswer> {
    return new Promise((resolve) => {
      if (this.#stopped) return resolve('stopped');
      this.#group(name).waiting.push(resolve);
      this.#turns.add(name);
      this.#pump();
    });
  }

  free(name: string): void {
    const group = this.#group(name);
    group.running -= 1;
    this.#running -= 1;
    if (group.waiting.length > 0) this.#turns.add(name);
    if (this.#running === 0) for (const tell of this.#idle.splice(0)) tell();
    this.#pump();
  }

  /** Whoever waits for a slot of this group is sent back, and so is who asks before the instant. */
  pause(name: string, until: Instant): void {
    const group = this.#group(name);
    group.pausedUntil = Math.max(group.pausedUntil, until);
    this.#sendBack(name, group);
  }

  pausedUntil(name: string): Instant {
    return this.#groups.get(name)?.pausedUntil ?? 0;
  }

  /** Resolves when nothing runs any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { waiting } of this.#groups.values()) for (const tell of waiting.splice(0)) tell('stopped');
    this.#turns.clear();
    if (this.#running > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  #pump(): void {
    for (const name of this.#turns) {
      if (this.#running >= this.#limits.total) return;
      const group = this.#group(name);
      this.#turns.delete(name);
      if (this.#sendBack(name, group) || group.running >= this.#limits.perGroup(name)) continue;
      const go = group.waiting.shift();
      if (!go) continue;
      group.running += 1;
      this.#running += 1;
      if (group.waiting.length > 0) this.#turns.add(name);
      go('go');
    }
  }

  #sendBack(name: string, group: Group): boolean {
    if (group.pausedUntil <= Date.now()) return false;
    this.#turns.delete(name);
    for (const tell of group.waiting.splice(0)) tell('paused');
    return true;
  }

  #group(name: string): Group {
    const known = this.#groups.get(name);
    if (known) return known;
    const made: Group = { waiting: [], running: 0, pausedUntil: 0 };
    this.#groups.set(name, made);
    return made;
  }
}
