import { type Duration, hour, type HttpResponse, type Instant, second } from '@tocsin/core';

/** Whoever asks for more waits for our own ladder instead. */
const longest: Duration = hour;
const httpDate = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** What `Retry-After` asks for: seconds or an HTTP date; at most an hour; undefined when it says nothing sensible. */
export function retryAfterMs({ headers }: HttpResponse, now: Instant): Duration | undefined {
  const text = (headers['retry-after'] ?? '').trim();
  if (/^\d{1,15}$/.test(text)) return Math.min(Number(text) * second, longest);
  const until = httpDate.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(until) ? undefined : Math.min(Math.max(until - now, 0), longest);
}
