import type { DeliveryAttempted, DeliveryRequested, Event, Recorded } from '@tocsin/core';
import { type CommittedLog, nameOf } from './committed-log.ts';
import { type Finding, finding } from './finding.ts';

/** What is known of one delivery. */
interface Delivery {
  readonly attempts: Map<number, Set<number>>;
  ended: boolean;
  last: number;
}

/**
 * Only the notifier numbers attempts, and nobody reports what was not asked for. With `ended`, every delivery must have come
 * to an end.
 */
export function* checkDeliveries(log: CommittedLog, ended: boolean): Iterable<Finding> {
  const deliveries = new Map<string, Delivery>();
  const signals = new Set(log.events('signals').map(({ value }) => value.subject));
  for (const record of log.events('deliveries')) {
    yield* instruction(record, deliveries);
    const { signalId } = record.value.data as { readonly signalId: string };
    if (!signals.has(signalId)) yield finding('phantom', nameOf(record), `there is no signal ${signalId}`);
  }
  for (const record of log.events('attempts')) yield* report(record, deliveries);
  if (ended)
    for (const [id, delivery] of deliveries)
      if (!delivery.ended)
        yield finding('lost', id, `the delivery was neither made nor given up after attempt ${delivery.last}`);
}

function* instruction(record: Recorded<Event>, deliveries: Map<string, Delivery>): Iterable<Finding> {
  const { data, type } = record.value;
  const { deliveryId } = data as { readonly deliveryId: string };
  const known = deliveries.get(deliveryId) ?? { attempts: new Map<number, Set<number>>(), ended: false, last: 0 };
  deliveries.set(deliveryId, known);
  if (type !== 'delivery.requested') {
    known.ended = true;
    return;
  }
  const { attempt, lease } = data as DeliveryRequested['data'];
  const leases = known.attempts.get(attempt) ?? new Set<number>();
  if (leases.has(lease))
    yield finding('duplicate', nameOf(record), `attempt ${attempt}, lease ${lease} of ${deliveryId} was there before`);
  if (attempt > known.last + 1)
    yield finding('gap', nameOf(record), `attempt ${known.last + 1} of ${deliveryId} is missing`);
  if (attempt < known.last)
    yield finding('reordered', nameOf(record), `attempt ${attempt} of ${deliveryId} came after ${known.last}`);
  known.attempts.set(attempt, leases.add(lease));
  known.last = Math.max(known.last, attempt);
}

function* report(record: Recorded<Event>, deliveries: ReadonlyMap<string, Delivery>): Iterable<Finding> {
  const { deliveryId, attempt, lease, verdict } = record.value.data as DeliveryAttempted['data'];
  const delivery = deliveries.get(deliveryId);
  if (!delivery?.attempts.get(attempt)?.has(lease))
    yield finding('phantom', nameOf(record), `attempt ${attempt}, lease ${lease} of ${deliveryId} was never asked for`);
  if (delivery && verdict === 'delivered') delivery.ended = true;
}
