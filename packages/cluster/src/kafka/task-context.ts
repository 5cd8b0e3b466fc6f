import type { AnyProcessor, Instant, LogError } from '@tocsin/core';
import type { Kafka } from 'kafkajs';
import type { FetchSession } from './fetch-session.ts';
import type { Offsets } from './offsets.ts';
import type { Pacer } from './pacer.ts';
import type { RecordCodec } from './record-codec.ts';
import type { TableFeed } from './table-feed.ts';
import type { TopicNames } from './topic-names.ts';

/** What all tasks of one member share. */
export interface TaskContext {
  readonly kafka: Kafka;
  readonly names: TopicNames;
  readonly codec: RecordCodec;
  readonly processors: readonly AnyProcessor[];
  readonly partitions: number;
  readonly clock: () => Instant;
  readonly transactionTimeoutMs: number;
  readonly trace: boolean;
  readonly session: FetchSession;
  readonly offsets: Offsets;
  readonly tables: readonly TableFeed[];
  readonly pacer: Pacer;
  /** Resolves when membership has been proved after the call. */
  proof(): Promise<void>;
  /** A task stops for good, and with it the run. */
  failed(error: LogError): void;
  /** One line for whoever operates this. */
  report(line: string): void;
  /** Something has moved: for whoever waits until all is at rest. */
  moved(): void;
  /** A task has nothing to do. */
  rested(): void;
}
