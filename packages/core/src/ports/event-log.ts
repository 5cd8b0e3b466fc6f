import type { AnyProcessor, Draft, Recorded } from '../processor.ts';
import type { Shard } from '../shard.ts';
import type { TopicName } from '../topics.ts';

/** A record to append to a topic with many writers; its shard decides the partition. */
export interface Append<V = unknown> extends Draft<V> {
  readonly shard: Shard;
}

export interface Position {
  readonly topic: TopicName;
  readonly partition: number;
  readonly offset: number;
}

/** `topic/partition` to the next offset to read. A missing entry means the beginning. */
export type Positions = Readonly<Record<string, number>>;
export const positionKey = (topic: TopicName, partition: number): string => `${topic}/${partition}`;

export interface ReadRequest {
  readonly topics: readonly TopicName[];
  readonly from: Positions | 'start' | 'end';
  /** True: goes on with new records until the signal aborts. False: ends at the end that was there at the call. */
  readonly follow: boolean;
  readonly signal: AbortSignal;
}

/**
 * The log. Ordering: per topic and partition. Atomicity: one `append` call is durable as a whole or not at all on embedded,
 * per partition on Kafka; a processor's state, outputs and positions always are. What may be seen twice: an append whose
 * promise was rejected or never settled may have happened (so ids are the caller's and stable); nothing else.
 * Errors are `LogError`.
 */
export interface EventLog {
  readonly partitions: number;
  /** Durable when resolved; the positions are in the order of the records. Only topics with many writers. */
  append(records: readonly Append[]): Promise<readonly Position[]>;
  /**
   * Runs the list fused: a record passes from one to the next inside one transaction. Resolves when the signal has aborted
   * and what was in flight is committed; rejects when a task stops (`stopped`, naming processor and record).
   */
  run(processors: readonly AnyProcessor[], signal: AbortSignal): Promise<void>;
  /** Committed records only, in batches, per partition in order. */
  read(request: ReadRequest): AsyncIterable<readonly Recorded[]>;
  /** The end of each partition: the offset that the next record will be at or after. */
  ends(topics: readonly TopicName[]): Promise<Positions>;
  /** Positions that a named reader (an effect) has saved; at least once, so they may lag behind what it did. */
  positions(reader: string): Promise<Positions>;
  save(reader: string, positions: Positions): Promise<void>;
}

export const logErrorCodes = ['stopped', 'closed', 'too_large', 'single_writer', 'unavailable'] as const;
export type LogErrorCode = (typeof logErrorCodes)[number];

export class LogError extends Error {
  readonly code: LogErrorCode;
  readonly retryable: boolean;
  constructor(code: LogErrorCode, message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'LogError';
    this.code = code;
    this.retryable = code === 'unavailable';
  }
}
