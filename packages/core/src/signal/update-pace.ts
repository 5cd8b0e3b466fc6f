import { type Duration, type Instant, minute, second } from '../time.ts';

/** How soon the next update of a signal may go out. */
export interface Pace {
  /** Not before this instant. */
  readonly nextAt: Instant;
  /** Distance between the last update and `nextAt`; 0 before the first update. */
  readonly interval: Duration;
}

export const shortestInterval: Duration = second;
export const longestInterval: Duration = minute;
/** What waits goes out this long after it may: until then a record can take it along, with its sample. */
export const flushGrace: Duration = second / 4;

/** The first update may follow the opening at once. */
export const startPace = (openedAt: Instant): Pace => ({ nextAt: openedAt, interval: 0 });

/** After an update at `now`: twice the interval while the signal stays hot, half of it for each interval of quiet. */
export function paceAfter({ nextAt, interval }: Pace, now: Instant): Pace {
  const next = nextInterval(interval, now - nextAt);
  return { nextAt: now + next, interval: next };
}

/** News that should not wait for a backed-off interval: the shortest one counts. */
export const hurried = ({ nextAt, interval }: Pace): Pace =>
  interval <= shortestInterval
    ? { nextAt, interval }
    : { nextAt: nextAt - interval + shortestInterval, interval: shortestInterval };

function nextInterval(interval: Duration, quiet: Duration): Duration {
  if (interval === 0) return shortestInterval;
  if (quiet < interval) return Math.min(interval * 2, longestInterval);
  let next = interval;
  for (let left = quiet; next > shortestInterval && left >= next; ) {
    left -= next;
    next = Math.max(shortestInterval, next / 2);
  }
  return next;
}
