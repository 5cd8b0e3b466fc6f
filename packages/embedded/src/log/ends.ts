import type { Instant, TopicName } from '@tocsin/core';
import type { Placed } from './segment.ts';

/** Where the log ends: next offset of each topic, next place in the one order, and the latest log time. */
export class Ends {
  #next: Map<TopicName, number>;
  #gid: number;
  #now: Instant;

  constructor(lasts: readonly Placed[]) {
    this.#next = new Map(lasts.map(({ record }) => [record.topic, record.offset + 1]));
    this.#gid = Math.max(0, ...lasts.map(({ gid }) => gid + 1));
    this.#now = Math.max(0, ...lasts.map(({ record }) => record.recordedAt));
  }

  /** Log time for what is appended now: never behind what was given out. */
  get now(): Instant {
    return this.#now;
  }

  get gid(): number {
    return this.#gid;
  }

  of(topic: TopicName): number {
    return this.#next.get(topic) ?? 0;
  }

  /** Hands out the next offset and place. */
  take(topic: TopicName): { readonly offset: number; readonly gid: number } {
    const offset = this.of(topic);
    this.#next.set(topic, offset + 1);
    this.#gid += 1;
    return { offset, gid: this.#gid - 1 };
  }

  /** A copy for a transaction that may yet fail. */
  fork(now: Instant): Ends {
    const copy = new Ends([]);
    copy.#next = new Map(this.#next);
    copy.#gid = this.#gid;
    copy.#now = Math.max(this.#now, now);
    return copy;
  }

  /** As the file has it; log time never goes back. */
  reread(lasts: readonly Placed[]): void {
    const found = new Ends(lasts);
    found.#now = Math.max(found.#now, this.#now);
    this.adopt(found);
  }

  adopt(other: Ends): void {
    this.#next = other.#next;
    this.#gid = other.#gid;
    this.#now = other.#now;
  }
}
