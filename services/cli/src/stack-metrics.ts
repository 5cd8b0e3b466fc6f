import { intakeMetrics } from '@tocsin/api';
import { deliveryMetrics, type DeliveryObserver } from '@tocsin/notifier';
import { EventLoopWatch, type Logger, type Metrics } from '@tocsin/runtime';

/** The metrics of the whole stack, declared once. */
export class StackMetrics {
  readonly #metrics: Metrics;
  readonly taken: ReturnType<typeof intakeMetrics>;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
    metrics.watch(new EventLoopWatch().start());
    this.taken = intakeMetrics(metrics);
  }

  exposition(): Promise<string> {
    return this.#metrics.exposition();
  }

  /** What the delivery worker tells goes to the metrics, and what people should know to the log. */
  deliveries(logger: Logger): DeliveryObserver {
    return deliveryMetrics({ metrics: this.#metrics, logger });
  }
}
