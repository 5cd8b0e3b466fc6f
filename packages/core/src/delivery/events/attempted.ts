import { defineEvent, type EventOf } from '../../event.ts';
import { field } from '../../field.ts';

export const verdictKinds = ['delivered', 'retry', 'rejected'] as const;

const fields = {
  deliveryId: field.text({ min: 1, max: 128 }),
  signalId: field.text({ min: 1, max: 64 }),
  sink: field.text({ max: 128 }),
  attempt: field.count(),
  lease: field.count(),
  verdict: field.oneOf('VerdictKind', verdictKinds),
  reason: field.optional(field.text({ max: 512 })),
  /** What the far end asked us to wait. */
  afterMs: field.optional(field.duration()),
  startedAt: field.instant(),
  tookMs: field.duration(),
  remember: field.optional(field.jsonObject()),
};

/** What became of one attempt, as the worker saw it. */
export const deliveryAttempted = defineEvent({
  type: 'delivery.attempted',
  version: 1,
  topic: 'attempts',
  fields,
  audit: { name: 'Notifications', action: 'modified', asset: 'delivery', keep: ({ remember, ...rest }) => rest },
  summary: ({ sink, attempt, verdict, reason, tookMs }) =>
    verdict === 'delivered'
      ? `@${sink} accepted it in ${tookMs} ms`
      : `@${sink} attempt ${attempt}: ${verdict}${reason ? ` (${reason})` : ''}`,
});
export type DeliveryAttempted = EventOf<typeof deliveryAttempted>;
