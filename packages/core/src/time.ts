/** Milliseconds since the Unix epoch, UTC. */
export type Instant = number;
/** A length of time in milliseconds. */
export type Duration = number;

export const second: Duration = 1_000;
export const minute: Duration = 60 * second;
export const hour: Duration = 60 * minute;
export const day: Duration = 24 * hour;

/** ISO 8601 in UTC with milliseconds, the only textual form of an instant that Tocsin writes. */
export const isoOf = (instant: Instant): string => new Date(instant).toISOString();
