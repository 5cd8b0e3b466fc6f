import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  deliveryId: field.text({ min: 1, max: 128 }),
  signalId: field.text({ min: 1, max: 64 }),
  sink: field.text({ max: 128 }),
  by: field.text({ max: 128 }),
};

/** A newer follow-up of the same lane made this one pointless before it was sent. */
export const deliverySuperseded = defineEvent({
  type: 'delivery.superseded',
  version: 1,
  topic: 'deliveries',
  fields,
  audit: { name: 'Notifications', action: 'modified', asset: 'delivery' },
  summary: ({ sink }) => `A newer message to @${sink} took the place of this one`,
});
export type DeliverySuperseded = EventOf<typeof deliverySuperseded>;
