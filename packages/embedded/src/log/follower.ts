import type { Recorded, TopicName } from '@tocsin/core';

/** Beyond this a reader that does not keep up is cut off from memory and reads from the file again. */
const maxQueued = 20_000;

/** One live reader: committed records are handed to it in memory, until it falls too far behind. */
export class Follower {
  readonly #topics: ReadonlySet<TopicName>;
  #queue: Recorded[] = [];
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
    this.#overrun = true;
    this.#nudge();
  }

  offer(records: readonly Recorded[]): void {
    if (this.#overrun) return;
    for (const record of records) if (this.#topics.has(record.topic)) this.#queue.push(record);
    if (this.#queue.length > maxQueued) this.doubt();
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
    return taken;
  }
}
