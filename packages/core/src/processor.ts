import type { Snapshots, Table } from './table.ts';
import type { Instant } from './time.ts';
import type { TopicName } from './topics.ts';

/** A record as the log holds it. `offset` is a safe integer, dense on embedded, with gaps on Kafka. */
export interface Recorded<V = unknown> {
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: number;
  readonly key: string;
  readonly value: V;
  /** Log append time; a derived record carries the log time of its cause. */
  readonly recordedAt: Instant;
  /** Event time of the source, where the record has one; drives the watermark. */
  readonly occurredAt?: Instant;
  /** Gapless per partition on topics with one writer. */
  readonly seq?: number;
}

/** What a processor wants written. The log adds partition (its task's), offset, `recordedAt` and `seq`. */
export interface Draft<V = unknown> {
  readonly topic: TopicName;
  readonly key: string;
  readonly value: V;
  readonly occurredAt?: Instant;
}

export type StateKey = string;

/** State is a JSON value. `version` grows with its shape; `upcast` reads what an older release wrote. */
export interface Codec<S> {
  readonly version: number;
  encode(state: S): string;
  decode(text: string, version: number): S;
}

export interface Input {
  readonly topic: TopicName;
  /**
   * What an outsider may write, checked before `keys` and `step` see it: the reason it is bad, or undefined.
   * With `onBad: 'dead-letter'` the record goes to the processor's dead letters; with `'stop'` the task stops and names it.
   */
  bad?(value: unknown): string | undefined;
  readonly onBad: 'dead-letter' | 'stop';
  /** Commit without lingering when a record of this input is in the batch. */
  readonly urgent?: boolean;
}

export interface Context {
  /** Log time: the highest `recordedAt` this task has seen, or the wake's own time. Never the wall clock. */
  readonly now: Instant;
  /** Highest `occurredAt` seen on this partition, never ahead of its `recordedAt` by more than five minutes. */
  readonly watermark: Instant;
  readonly partition: number;
  readonly tables: Snapshots;
}

export interface Step<S> {
  /** Entries to store; `undefined` forgets the entry. */
  readonly puts: ReadonlyMap<StateKey, S | undefined>;
  readonly out: readonly Draft[];
}

/**
 * A pure value: no clock, random, I/O or logger. Only an `EventLog` runs it; its state, outputs and positions commit
 * together or not at all. `step` may read and write only the entries that `keys` named; `wake` only its own.
 *
 * Wakes: before a record with `recordedAt` R is handed over, every entry of the task whose `wakeAt` is at or before
 * max(R, log time) is woken, earliest first, then by key. A wake's `now` is its `wakeAt` (or the log time, if that had
 * already passed it when the entry was written), so a restart after hours of backlog decides as if it had never stopped.
 * Without traffic, wakes run once the task has read all its inputs to an end taken after `wakeAt`.
 */
export interface Processor<S> {
  /** Consumer group, transactional id prefix, name of its changelog. */
  readonly id: string;
  readonly inputs: readonly Input[];
  /** The topics that only this processor writes. */
  readonly outputs: readonly TopicName[];
  /** Configuration, by version. */
  readonly tables?: readonly Table<unknown>[];
  readonly state: Codec<S>;
  /** The entries of this step. The tables stand as `step` will see them: configuration may decide what is grouped with what. */
  keys(record: Recorded, tables: Snapshots): readonly StateKey[];
  step(states: ReadonlyMap<StateKey, S>, record: Recorded, context: Context): Step<S>;
  wakeAt?(state: S): Instant | undefined;
  wake?(key: StateKey, state: S, context: Context): Step<S>;
}
/** A processor in a list: what its state is concerns nobody else. */
export type AnyProcessor = Processor<unknown>;

/** Source clocks may run ahead this far before they are disbelieved. */
export const maxClockLeadMs = 5 * 60_000;

/** The watermark after a record. */
export const watermarkAfter = (watermark: Instant, record: Recorded): Instant =>
  record.occurredAt === undefined
    ? watermark
    : Math.max(watermark, Math.min(record.occurredAt, record.recordedAt + maxClockLeadMs));

/** State stored as JSON text. */
export function jsonCodec<S>(version: number, upcast?: (old: unknown, version: number) => S): Codec<S> {
  return {
    version,
    encode: (state) => JSON.stringify(state),
    decode(text, written) {
      const value: unknown = JSON.parse(text);
      if (written === version) return value as S;
      if (!upcast) throw new Error(`state of version ${written} cannot be read by version ${version}`);
      return upcast(value, written);
    },
  };
}

export const nothing: Step<never> = { puts: new Map(), out: [] };
