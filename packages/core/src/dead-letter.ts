import { recordDead } from './detection/events/record-dead.ts';
import { defaultOrg } from './envelope.ts';
import type { Json } from './json.ts';
import type { Draft, Recorded } from './processor.ts';

/** The dead letter of a record that `processor` cannot read; an engine commits it in the place of the step. */
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
    value: (record.value ?? null) as Json,
  };
  return {
    topic: `${processor}.dead`,
    key: `${topic}/${key}`,
    value: recordDead.make({ id, org: defaultOrg, subject: id, at: record.recordedAt, data }),
  };
}
