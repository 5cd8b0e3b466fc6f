import type { TopicName } from './topics.ts';
import { partitionCount } from './topics.ts';

/** 16 bits that decide the partition of everything about one rule of one organisation; see `shardOf`. */
export type Shard = number;

/** Partition of a shard in a topic. One function for every topic, so that partition p of all of them belongs together. */
export const partitionOf = (topic: TopicName, shard: Shard, partitions: number): number =>
  shard % partitionCount(topic, partitions);

/**
 * Shard of a detection: 16 bits of murmur2 over organisation and rule id, material that no configuration or release changes.
 */
export const shardOf = (org: string, ruleId: string): Shard => murmur2(utf8.encode(`${org}\u0000${ruleId}`)) & 0xffff;

const utf8 = new TextEncoder();

/** MurmurHash2, 32 bits, with the seed that Kafka's default partitioner uses (Apache Kafka, `Utils.murmur2`). */
export function murmur2(data: Uint8Array): number {
  const m = 0x5bd1e995;
  const length = data.length;
  let h = 0x9747b28c ^ length;
  const view = new DataView(data.buffer, data.byteOffset, length);
  const whole = length & ~3;
  for (let i = 0; i < whole; i += 4) {
    let k = view.getInt32(i, true);
    k = Math.imul(k, m);
    k ^= k >>> 24;
    k = Math.imul(k, m);
    h = Math.imul(h, m) ^ k;
  }
  const rest = length & 3;
  if (rest === 3) h ^= (data[whole + 2] ?? 0) << 16;
  if (rest >= 2) h ^= (data[whole + 1] ?? 0) << 8;
  if (rest >= 1) h = Math.imul(h ^ (data[whole] ?? 0), m);
  h ^= h >>> 13;
  h = Math.imul(h, m);
  return (h ^ (h >>> 15)) >>> 0;
}
