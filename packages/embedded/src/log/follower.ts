import type { Recorded, TopicName } from '@tocsin/core';
import type { Placed } from './segment.ts';

/** Characters beyond which it is cut off as well. */
const maxQueuedSize = 64 * 1024 * 1024;
/** Beyond this a reader that does not keep up is cut off from memory and reads from the file again. */
const maxQueued = 20_000;
/** What a record is taken to weigh besides its text. */
const leastSize = 16;

/** One live reader: committed records are handed to it in memory, until it falls too far behind. */
export class Follower {
  readonly #topics: ReadonlySet<TopicName>;
  #queue: Recorded[] = [];
  #size = 0;
  #overrun = false;
  #ended = false;
  #wake: (() => void) | undefined;

  constructor(topics: readonly TopicName[]) {
    this.#topics = new Set(topics);
  }

  /** True once records were dropped: the reader must go back to the file. */
  get overrun(): boolean {
    return this.#overrun;
  }

  /** True once it was told to end. */
  get ended(): boolean {
    return this.#ended;
  }

  end(): void {
    this.#ended = true;
    this.#nudge();
  }

  /** Memory may lack something: the reader goes back to the file. */
  doubt(): void {
    this.#queue = [];
    this.#size = 0;
    this.#overrun = true;
    this.#nudge();
  }

  offer(placed: readonly Placed[]): void {
    if (this.#overrun) return;
    for (const { record, text } of placed)
      if (this.#topics.has(record.topic)) {
        this.#queue.push(record);
        this.#size += leastSize + text.length;
      }
    if (this.#queue.length > maxQueued || this.#size > maxQueuedSize) this.doubt();
    else if (this.#queue.length > 0) this.#nudge();
  }

  #nudge(): void {
    this.#wake?.();
    this.#wake = undefined;
  }

  /** What has come since the last call; waits when there is nothing, until something comes or it ends. */
  async take(): Promise<readonly Recorded[]> {
    if (this.#queue.length === 0 && !this.#overrun && !this.#ended)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    const taken = this.#queue;
    this.#queue = [];
    this.#size = 0;
    return taken;
  }
}
