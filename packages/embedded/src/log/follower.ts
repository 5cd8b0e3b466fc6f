import type { Recorded, TopicName } from '@tocsin/core';

/** Characters beyond which it is cut off as well. */
const maxQueuedSize = 64 * 1024 * 1024;
/** Beyond this a reader that does not keep up is cut off from memory and reads from the file again. */
const maxQueued = 20_000;
/** What a key or a number is taken to weigh. */
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

  offer(records: readonly Recorded[]): void {
    if (this.#overrun) return;
    for (const record of records)
      if (this.#topics.has(record.topic)) {
        this.#queue.push(record);
        this.#size += roughSize(record.value);
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

/** Near enough to the length of the text it came from, and much cheaper than writing it. */
function roughSize(value: unknown): number {
  if (typeof value === 'string') return leastSize + value.length;
  if (typeof value !== 'object' || value === null) return leastSize;
  let size = leastSize;
  for (const part of Object.values(value)) size += leastSize + roughSize(part);
  return size;
}
