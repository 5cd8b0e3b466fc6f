import type { Metrics } from '@tocsin/runtime';
import type { IntakeOptions } from './intake-routes.ts';

/** Counts what the intake takes. */
export function intakeMetrics(metrics: Metrics): IntakeOptions['onTaken'] {
  const taken = metrics.counter({
    name: 'tocsin_intake_lines_total',
    help: 'Lines that the intake took, by format and fate',
    labels: ['format', 'fate'],
  });
  return (format, counts) => {
    for (const [fate, count] of Object.entries(counts)) if (count > 0) taken.inc({ format, fate }, count);
  };
}
