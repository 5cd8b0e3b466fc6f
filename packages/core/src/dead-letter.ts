import { recordDead } from './detection/events/record-dead.ts';
import { defaultOrg } from './envelope.ts';
import type { Json } from './json.ts';
import { nestsDeeperThan } from './nesting.ts';
import type { Draft, Recorded } from './processor.ts';

/** What nests deeper cannot be written again by everybody who reads it. */
const keptNesting = 256;

/**
 * The dead letter of a record that `processor` cannot read; an engine commits it in the place of the step. It holds the value,
 * but for one that nests more than 256 deep: then only its place says where it is.
 */
export function deadLetterOf(processor: string, record: Recorded, reason: string): Draft {
  const { topic, partition, offset, key } = record;
  const id = `${processor}-${topic}-${partition}-${offset}`;
  const data = {
    processor,
    reason: reason.slice(0, 1024),
    topic,
    partition,
    offset,
    key,
    value: (nestsDeeperThan(keptNesting, record.value) ? null : (record.value ?? null)) as Json,
  };
  return {
    topic: `${processor}.dead`,
    key: `${topic}/${key}`,
    value: recordDead.make({ id, org: defaultOrg, subject: id, at: record.recordedAt, data }),
  };
}
