/** Milliseconds since the Unix epoch, UTC. */
export type Instant = number;
/** A length of time in milliseconds. */
export type Duration = number;

export const second: Duration = 1_000;
export const minute: Duration = 60 * second;
export const hour: Duration = 60 * minute;
export const day: Duration = 24 * hour;

/** ISO 8601 in UTC with milliseconds, the only textual form of an instant that Tocsin writes. */
export function isoOf(instant: Instant): string {
  const known = recent.get(instant);
  if (known !== undefined) return known;
  const text = new Date(instant).toISOString();
  if (recent.size >= mostRecent) recent.clear();
  recent.set(instant, text);
  return text;
}

/** One step writes the same few instants again and again, and the conversion is slow. */
const recent = new Map<Instant, string>();
const mostRecent = 64;
