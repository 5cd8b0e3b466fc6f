import { type Append, LogError, type Position, sizes, topicShape } from '@tocsin/core';
import { storedText } from './segment.ts';

/** A record to append, with its value as it is stored. */
export interface Prepared {
  readonly draft: Append;
  readonly text: string;
}
/** What one caller asked for: it is committed together, or not at all. */
export interface Waiting {
  readonly records: readonly Prepared[];
  readonly notes: readonly (readonly [name: string, text: string])[];
}
export interface Pending extends Waiting {
  readonly resolve: (positions: readonly Position[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Records, and characters of them, taken into one transaction before the rest waits for the next. */
const maxBatch = 1_000;
const maxBatchLength = 8 * 1024 * 1024;
/** Milliseconds of work for one transaction, after which requests and deliveries get their turn. */
const longestTransaction = 10;
/** Characters that may wait to be written; an append beyond them is refused, so that a flood cannot fill the memory. */
const maxWaiting = 128 * 1024 * 1024;

/** Appends that wait for a transaction, in the order of asking. */
export class PendingAppends {
  #waiting: Pending[] = [];
  #length = 0;

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Why these cannot wait here, if so. */
  refusal(records: readonly Prepared[]): LogError | undefined {
    if (this.#length > maxWaiting)
      return new LogError('unavailable', 'too much is waiting to be written: try again in a moment');
    for (const { draft, text } of records) {
      if (topicShape(draft.topic).writers === 'one')
        return new LogError('single_writer', `${draft.topic} is written by its processor only`);
      const { maxBytes = sizes.record } = topicShape(draft.topic);
      if (text.length > maxBytes || Buffer.byteLength(text) > maxBytes)
        return new LogError('too_large', `a record for ${draft.topic} is longer than ${maxBytes} bytes`);
    }
    return undefined;
  }

  /** Resolves when it is durable. */
  add(what: Waiting): Promise<readonly Position[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...what, resolve, reject });
      this.#length += lengthOf(what.records);
    });
  }

  /** What goes into one transaction: all, unless it gets too large or whoever takes it works on it for so long that others wait. */
  *take(): Generator<Pending> {
    const until = performance.now() + longestTransaction;
    let taken = 0;
    let size = 0;
    let length = 0;
    try {
      while (size < maxBatch && length < maxBatchLength && performance.now() < until) {
        const next = this.#waiting[taken];
        if (!next) break;
        taken += 1;
        size += next.records.length;
        length += lengthOf(next.records);
        yield next;
      }
    } finally {
      this.#waiting.splice(0, taken);
      this.#length -= length;
    }
  }
}

export const prepare = (draft: Append): Prepared => ({ draft, text: storedText(draft.topic, draft.value) });

/** Tells everybody who waited for a transaction what became of it. */
export function settle(
  batch: readonly Pending[],
  positions: readonly (readonly Position[])[],
  failed: LogError | undefined,
): void {
  batch.forEach(({ resolve, reject }, at) => {
    if (failed) reject(failed);
    else resolve(positions[at] ?? []);
  });
}

const lengthOf = (records: readonly Prepared[]): number => records.reduce((sum, { text }) => sum + text.length, 0);
