import { type EventLog, type Positions, type Projection, positionKey, type Recorded } from '@tocsin/core';

/** Records applied in one transaction of the foreign store at most. */
const maxBatch = 1_000;

/** So many offsets are looked through for the last record, for so long. */
const longestLook = 500;
const lookWithinMs = 1_000;

interface Waiter {
  readonly until: Positions;
  readonly resolve: () => void;
}

/**
 * Keeps a projection up to date with the log. Resumes from the positions in the store; when another instance was faster, it
 * reads them again.
 */
export class Projector {
  readonly #log: EventLog;
  readonly #projection: Projection;
  #applied: Positions = {};
  #waiters: Waiter[] = [];

  constructor({ log, projection }: { readonly log: EventLog; readonly projection: Projection }) {
    this.#log = log;
    this.#projection = projection;
  }

  /** Positions of what can be read now. */
  get applied(): Positions {
    return this.#applied;
  }

  /** Follows the log until the signal aborts. Rejects when the store fails. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) await this.#follow(signal);
  }

  /** Resolves once everything that was in the log at the call can be read, or false after `withinMs`. */
  async caughtUp(withinMs: number): Promise<boolean> {
    const until = await this.#lastRecords(await this.#log.ends(this.#projection.topics));
    if (reached(this.#applied, until)) return true;
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#waiters = this.#waiters.filter((other) => other !== waiter);
        resolve(false);
      }, withinMs);
      const waiter: Waiter = {
        until,
        resolve: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      this.#waiters.push(waiter);
    });
  }

  /**
   * On a log whose transactions leave marks, the end lies behind the last record, and nothing is ever applied up to it. So what
   * stands between is looked at; where that is much, it is on its way and the end will be passed.
   */
  async #lastRecords(ends: Positions): Promise<Positions> {
    const applied = this.#applied;
    const gapOf = (place: string) => (ends[place] ?? 0) - (applied[place] ?? 0);
    const unsure = Object.keys(ends).filter((place) => gapOf(place) > 0 && gapOf(place) <= longestLook);
    if (unsure.length === 0) return ends;
    const until: Record<string, number> = { ...ends };
    for (const place of unsure) until[place] = applied[place] ?? 0;
    const topics = this.#projection.topics.filter((topic) => unsure.some((place) => place.startsWith(`${topic}/`)));
    const request = { topics, from: { ...ends, ...until }, follow: false, signal: AbortSignal.timeout(lookWithinMs) };
    for await (const records of this.#log.read(request))
      for (const { topic, partition, offset } of records) until[positionKey(topic, partition)] = offset + 1;
    return request.signal.aborted ? ends : until;
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { topics } = this.#projection;
    this.#reach(await this.#projection.positions());
    for await (const records of this.#log.read({ topics, from: this.#applied, follow: true, signal }))
      for (let at = 0; at < records.length; at += maxBatch)
        if (!(await this.#apply(records.slice(at, at + maxBatch)))) return;
  }

  async #apply(records: readonly Recorded[]): Promise<boolean> {
    const from = this.#applied;
    const to: Record<string, number> = { ...from };
    for (const { topic, partition, offset } of records) to[positionKey(topic, partition)] = offset + 1;
    if ((await this.#projection.apply(records, from, to)) === 'moved') return false;
    this.#reach(to);
    return true;
  }

  #reach(positions: Positions): void {
    this.#applied = positions;
    const ready = this.#waiters.filter(({ until }) => reached(positions, until));
    this.#waiters = this.#waiters.filter((waiter) => !ready.includes(waiter));
    for (const { resolve } of ready) resolve();
  }
}

const reached = (have: Positions, until: Positions): boolean =>
  Object.entries(until).every(([place, next]) => (have[place] ?? 0) >= next);
