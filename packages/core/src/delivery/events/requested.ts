import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';
import { messageFields } from '../message.ts';

const fields = {
  deliveryId: field.text({ min: 1, max: 128 }),
  signalId: field.text({ min: 1, max: 64 }),
  /** Handle without the `@`. */
  sink: field.text({ max: 128 }),
  /** From 1; only the notifier counts. */
  attempt: field.count(),
  /** From 1; grows when an instruction was not reported in time and is issued again. */
  lease: field.count(),
  /** Not before. */
  dueAt: field.instant(),
  /** Unreported by then, it is issued again. */
  leaseUntil: field.instant(),
  /** Configuration version that matched the rule. */
  configVersion: field.integer(),
  message: field.object('DeliveryMessage', messageFields),
  remembered: field.jsonObject(),
};

/** An instruction to the workers: make this attempt of this delivery. */
export const deliveryRequested = defineEvent({
  type: 'delivery.requested',
  version: 1,
  topic: 'deliveries',
  fields,
  audit: {
    name: 'Notifications',
    action: 'created',
    asset: 'delivery',
    keep: ({ message, remembered, ...rest }) => ({ ...rest, kind: message.kind, rule: message.rule }),
  },
  summary: ({ sink, attempt, message }) =>
    attempt === 1 ? `Notify @${sink} (rule "${message.rule.name}")` : `Notify @${sink} again, attempt ${attempt}`,
});
export type DeliveryRequested = EventOf<typeof deliveryRequested>;
