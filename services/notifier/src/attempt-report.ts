import { deliveryAttempted, type DeliveryAttempted, type DeliveryRequested, type Instant } from '@tocsin/core';
import type { AttemptOutcome } from './delivery-attempt.ts';
import type { HeldInstruction } from './outstanding.ts';

/** The event that tells the notifier what became of an attempt. Its id is the attempt's and the lease's. */
export function attemptReport(about: {
  readonly event: DeliveryRequested;
  readonly held: HeldInstruction;
  readonly outcome: AttemptOutcome;
  readonly startedAt: Instant;
  readonly now: Instant;
}): DeliveryAttempted {
  const { event, held, outcome, startedAt, now } = about;
  const { deliveryId, signalId, sink, attempt, lease } = event.data;
  const { verdict, remember } = outcome;
  return deliveryAttempted.make({
    id: `${deliveryId}.a${attempt}.${lease}`,
    org: event.org,
    subject: signalId,
    at: now,
    cause: { topic: 'deliveries', partition: held.partition, offset: held.offset },
    data: {
      deliveryId,
      signalId,
      sink,
      attempt,
      lease,
      verdict: verdict.kind,
      ...(verdict.kind !== 'delivered' && { reason: verdict.reason }),
      ...(verdict.kind === 'retry' && verdict.afterMs !== undefined && { afterMs: verdict.afterMs }),
      startedAt,
      tookMs: Math.max(0, now - startedAt),
      ...(remember && { remember }),
    },
  });
}
