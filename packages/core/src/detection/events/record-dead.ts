import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  processor: field.text({ max: 64 }),
  reason: field.text({ max: 1024 }),
  topic: field.text({ max: 64 }),
  partition: field.count(),
  offset: field.count(),
  key: field.text({ max: 512 }),
  value: field.json(),
};

/** A record from outside that a processor cannot read: kept whole, with its coordinates and the reason. */
export const recordDead = defineEvent({
  type: 'record.dead',
  version: 1,
  topic: 'dead-letters',
  fields,
  audit: { name: 'Signal Pipeline', action: 'refused', asset: 'dead_letter', keep: ({ value, ...rest }) => rest },
  summary: ({ processor, topic, partition, offset, reason }) =>
    `${processor} could not read ${topic}/${partition}@${offset}: ${reason}`,
});
export type RecordDead = EventOf<typeof recordDead>;
