import { murmur2 } from '../shard.ts';
import { day, hour, minute, second, type Duration } from '../time.ts';

/** The wait after each failed attempt, ±20 %. When the last one has been used up, the delivery is given up: about 62 hours. */
export const retryLadder: readonly Duration[] = [
  5 * second,
  minute,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  20 * hour,
  24 * hour,
];
export const maxAttempts = retryLadder.length + 1;

/** A far end may ask for a longer wait than the ladder's, but not for more than this. */
export const retryAfterCapMs: Duration = hour;

/**
 * How long to wait after a failed attempt (from 1), in milliseconds; undefined after the last. The jitter comes from the
 * delivery id and the attempt, so that a replay waits equally long.
 */
export function retryDelay(failed: {
  readonly deliveryId: string;
  readonly attempt: number;
  /** What the far end asked for. */
  readonly afterMs?: Duration | undefined;
}): Duration | undefined {
  const step = retryLadder[failed.attempt - 1];
  if (step === undefined) return undefined;
  const spread = murmur2(utf8.encode(`${failed.deliveryId}/${failed.attempt}`)) / 2 ** 32;
  return Math.max(Math.round(step * (0.8 + 0.4 * spread)), Math.min(failed.afterMs ?? 0, retryAfterCapMs));
}

const utf8 = new TextEncoder();

/** How long a worker may take to report the first lease of an attempt. */
export const firstLeaseMs: Duration = minute;

/**
 * Length of a lease (from 1). Each lease of an attempt is twice as long as the one before, at most a day: a pool that has
 * been away for two days costs twelve repeated instructions a delivery, not three thousand.
 */
export const leaseLength = (lease: number, first: Duration): Duration => Math.min(first * 2 ** (lease - 1), day);
