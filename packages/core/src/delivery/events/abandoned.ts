import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

const fields = {
  deliveryId: field.text({ min: 1, max: 128 }),
  signalId: field.text({ min: 1, max: 64 }),
  sink: field.text({ max: 128 }),
  attempts: field.count(),
  reason: field.text({ max: 512 }),
};

/** No more attempts: the far end refused for good, or the last step of the ladder failed. */
export const deliveryAbandoned = defineEvent({
  type: 'delivery.abandoned',
  version: 1,
  topic: 'deliveries',
  fields,
  audit: { name: 'Notifications', action: 'failed', asset: 'delivery' },
  summary: ({ sink, attempts, reason }) => `Gave up on @${sink} after ${attempts} attempts: ${reason}`,
});
export type DeliveryAbandoned = EventOf<typeof deliveryAbandoned>;
