import { day, type Duration, hour, minute, second } from '@tocsin/core';
import { z } from 'zod';
import { ApiError } from './errors.ts';

/** The longest stretch there is; it bounds nothing but the numbers. */
const longest = 3_650 * day;
/** A chart cannot show more. */
const maxStretches = 1_000;
/** What `auto` aims at. */
const fewStretches = 60;
const steps: readonly Duration[] = [
  ...[1, 5, 10, 30].map((count) => count * second),
  ...[1, 5, 10, 30].map((count) => count * minute),
  ...[1, 3, 6, 12].map((count) => count * hour),
  ...[1, 7, 30, 90, 365].map((count) => count * day),
];
const unitMs: Readonly<Record<string, Duration>> = { s: second, m: minute, h: hour, d: day };

/** `auto`, `5m` (s m h d), or milliseconds. */
export const histogramInterval = z.union([
  z.literal('auto'),
  z.string().regex(/^[1-9]\d{0,5}[smhd]$/, 'write 30s, 5m, 1h, 1d, milliseconds, or auto'),
  z.number().int().min(second).max(longest),
]);
export type HistogramInterval = z.output<typeof histogramInterval>;

/** In milliseconds, for a span of time. Refuses one that would cut the span into too many stretches. */
export function intervalFor(asked: HistogramInterval, span: Duration): Duration {
  const length = Math.max(0, span);
  if (asked === 'auto') return steps.find((step) => length / step <= fewStretches) ?? longest;
  const interval = typeof asked === 'number' ? asked : Number(asked.slice(0, -1)) * (unitMs[asked.slice(-1)] ?? second);
  if (length / interval <= maxStretches) return interval;
  throw new ApiError(
    'bad_request',
    `interval: at most ${maxStretches} stretches of time. Give from and to, or an interval of at least ${Math.ceil(length / maxStretches)} ms.`,
  );
}
