import type { HttpResponse, Instant, Verdict } from '@tocsin/core';
import { retryAfterMs } from './retry-after.ts';

export const delivered: Verdict = { kind: 'delivered' };
export const rejected = (reason: string): Verdict => ({ kind: 'rejected', reason });
export const retry = (reason: string, afterMs?: number): Verdict => ({
  kind: 'retry',
  reason,
  ...(afterMs !== undefined && { afterMs }),
});

/** Statuses outside 5xx that say "later". */
const later: readonly number[] = [408, 425, 429];

/**
 * The common judgement: 2xx delivered; 408, 425, 429 and 5xx again, no sooner than asked; everything else is final. Bodies are
 * never quoted: a receiver may echo our own secrets.
 */
export function statusVerdict(response: HttpResponse, now: Instant): Verdict {
  const { status } = response;
  if (status >= 200 && status < 300) return delivered;
  if (status >= 500 || later.includes(status)) return retry(`answered ${status}`, retryAfterMs(response, now));
  if (status >= 300 && status < 400) return rejected(`answered ${status}: redirects are not followed`);
  return rejected(status === 410 ? 'answered 410: gone for good' : `answered ${status}`);
}
