import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { EventLoopWatch } from './event-loop-watch.ts';

export interface MetricAbout<L extends string> {
  /** `tocsin_…`, with the unit at the end (`_seconds`, `_bytes`, `_total`). */
  readonly name: string;
  readonly help: string;
  /** Bounded sets only: never ids. */
  readonly labels?: readonly L[];
}
export interface GaugeAbout<L extends string> extends MetricAbout<L> {
  /** Asked at each scrape, instead of setting the gauge. */
  readonly read?: () => number;
}
export interface HistogramAbout<L extends string> extends MetricAbout<L> {
  /** Upper bounds, in the unit of the name. */
  readonly buckets?: readonly number[];
}

/** Milliseconds to tens of seconds, in seconds. */
export const latencyBuckets = [
  0.001, 0.002, 0.004, 0.008, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
] as const;
const loopBuckets = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5] as const;

/** The metrics of one process in a registry of their own. Declaring the same name again gives the same metric. */
export class Metrics {
  readonly contentType: string;
  readonly #registry = new Registry();

  constructor(about: { readonly service: string; readonly processMetrics?: boolean }) {
    this.#registry.setDefaultLabels({ service: about.service });
    this.contentType = this.#registry.contentType;
    if (about.processMetrics) collectDefaultMetrics({ register: this.#registry });
  }

  counter<L extends string = never>({ name, help, labels = [] }: MetricAbout<L>): Counter<L> {
    return this.#once(
      name,
      Counter,
      () => new Counter<L>({ name, help, labelNames: labels, registers: [this.#registry] }),
    );
  }

  gauge<L extends string = never>({ name, help, labels = [], read }: GaugeAbout<L>): Gauge<L> {
    return this.#once(name, Gauge, () => {
      const gauge: Gauge<L> = new Gauge<L>({
        name,
        help,
        labelNames: labels,
        registers: [this.#registry],
        ...(read && { collect: () => gauge.set(read()) }),
      });
      return gauge;
    });
  }

  histogram<L extends string = never>(about: HistogramAbout<L>): Histogram<L> {
    const { name, help, labels = [], buckets = latencyBuckets } = about;
    const registers = [this.#registry];
    return this.#once(
      name,
      Histogram,
      () => new Histogram<L>({ name, help, labelNames: labels, buckets: [...buckets], registers }),
    );
  }

  /** Adds how late the event loop runs its timers. */
  watch(loop: EventLoopWatch): void {
    const delays = this.histogram({
      name: 'tocsin_event_loop_delay_seconds',
      help: 'How late the event loop runs its timers',
      buckets: loopBuckets,
    });
    loop.onDelay((delayMs) => delays.observe(delayMs / 1_000));
  }

  /** Prometheus text format. */
  exposition(): Promise<string> {
    return this.#registry.metrics();
  }

  #once<M extends object>(name: string, kind: abstract new (...args: never[]) => M, make: () => M): M {
    const known = this.#registry.getSingleMetric(name);
    if (known === undefined) return make();
    if (known instanceof kind) return known;
    throw new Error(`metric ${name} is declared twice, as different kinds`);
  }
}
