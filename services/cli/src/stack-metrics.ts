import type { DeliveryObserver } from '@tocsin/notifier';
import { EventLoopWatch, type Logger, type Metrics } from '@tocsin/runtime';

/** The metrics of the whole stack, declared once. */
export class StackMetrics {
  readonly #metrics: Metrics;
  readonly #taken;
  readonly #attempts;
  readonly #attemptSeconds;
  readonly #waitSeconds;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    metrics.watch(new EventLoopWatch().start());
    this.#taken = metrics.counter({
      name: 'tocsin_intake_lines_total',
      help: 'Lines that the intake took, by format and fate',
      labels: ['format', 'fate'],
    });
    this.#attempts = metrics.counter({
      name: 'tocsin_delivery_attempts_total',
      help: 'Attempts to deliver, by sink and verdict',
      labels: ['sink', 'verdict'],
    });
    this.#attemptSeconds = metrics.histogram({
      name: 'tocsin_delivery_attempt_seconds',
      help: 'How long attempts took',
      labels: ['sink'],
    });
    this.#waitSeconds = metrics.histogram({
      name: 'tocsin_delivery_wait_seconds',
      help: 'From the decision to notify to the beginning of the attempt',
      labels: ['sink'],
    });
  }

  exposition(): Promise<string> {
    return this.#metrics.exposition();
  }

  taken(
    format: string,
    counts: { readonly accepted: number; readonly skipped: number; readonly rejected: number },
  ): void {
    for (const [fate, count] of Object.entries(counts)) if (count > 0) this.#taken.inc({ format, fate }, count);
  }

  /** What the delivery worker tells goes to the metrics, and what people should know to the log. */
  deliveries(logger: Logger): DeliveryObserver {
    return {
      attempted: ({ sink, verdict, tookMs, waitedMs }) => {
        this.#attempts.inc({ sink, verdict });
        this.#attemptSeconds.observe({ sink }, tookMs / 1000);
        this.#waitSeconds.observe({ sink }, Math.max(0, waitedMs) / 1000);
      },
      breaker: ({ sink, state }) => logger.warn({ sink, state }, 'breaker of a sink'),
      unreported: ({ deliveryId, error, again }) =>
        logger.error({ err: error, delivery_id: deliveryId, again }, 'a delivery could not be reported'),
    };
  }
}
