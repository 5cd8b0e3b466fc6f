import type { Append } from '../ports/event-log.ts';
import { shardOf } from '../shard.ts';
import type { Detection } from './detection.ts';

/** The append that hands a detection to the signal builder: all detections of one rule go to one partition, in order. */
export const groupedDetection = (detection: Detection): Append<Detection> => ({
  topic: 'grouped-detections',
  key: `${detection.org}/${detection.rule.id}`,
  value: detection,
  occurredAt: detection.occurredAt,
  shard: shardOf(detection.org, detection.rule.id),
});
