import type { Instant } from '@tocsin/core';
import type { KafkaSettings } from './kafka-client.ts';
import type { ValueCodec } from './record-codec.ts';

export interface KafkaLogOptions {
  readonly kafka: KafkaSettings;
  /** Partition count P of every topic but those of one; it cannot change afterwards. */
  readonly partitions: number;
  /** Before every name of a topic, group and transactional id. @default 'tocsin.' */
  readonly prefix?: string;
  /** @default Date.now */
  readonly clock?: () => Instant;
  /** @default JSON */
  readonly values?: ValueCodec;
  /** How soon a dead member's tasks go to others. @default 10_000 */
  readonly sessionTimeoutMs?: number;
  /** @default 1_000 */
  readonly heartbeatMs?: number;
  /** Longest time a broker holds an empty answer back. @default 100 */
  readonly pollMs?: number;
  /** Longest time a transaction may stay open; a dead task's blocks its readers no longer. @default 15_000 */
  readonly transactionTimeoutMs?: number;
  /** Transactions of all tasks of this process together that are aimed at under load. @default 150 */
  readonly commitsPerSecond?: number;
  /** Overrides the retention of every event topic when topics are created; -1 keeps everything. */
  readonly retentionMs?: number;
  /** Notes what each transaction took in the changelog, for tests that compare with an oracle. @default false */
  readonly trace?: boolean;
  /** What an operator should read: tasks that start again, for instance. @default nothing */
  readonly report?: (line: string) => void;
}
