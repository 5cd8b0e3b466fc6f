import type { Logger, Metrics } from '@tocsin/runtime';
import type { DeliveryObserver } from './delivery-observer.ts';

/** What the delivery worker tells goes to the metrics, and what people should know to the log. */
export function deliveryMetrics({
  metrics,
  logger,
}: {
  readonly metrics: Metrics;
  readonly logger: Logger;
}): DeliveryObserver {
  const attempts = metrics.counter({
    name: 'tocsin_delivery_attempts_total',
    help: 'Attempts to deliver, by sink and verdict',
    labels: ['sink', 'verdict'],
  });
  const attemptSeconds = metrics.histogram({
    name: 'tocsin_delivery_attempt_seconds',
    help: 'How long attempts took',
    labels: ['sink'],
  });
  const waitSeconds = metrics.histogram({
    name: 'tocsin_delivery_wait_seconds',
    help: 'From the decision to notify to the beginning of the attempt',
    labels: ['sink'],
  });
  return {
    attempted: ({ sink, verdict, tookMs, waitedMs }) => {
      attempts.inc({ sink, verdict });
      attemptSeconds.observe({ sink }, tookMs / 1000);
      waitSeconds.observe({ sink }, Math.max(0, waitedMs) / 1000);
    },
    breaker: ({ sink, state }) => logger.warn({ sink, state }, 'breaker of a sink'),
    unreported: ({ deliveryId, error, again }) =>
      logger.error({ err: error, delivery_id: deliveryId, again }, 'a delivery could not be reported'),
  };
}
