import type { Instant } from '@tocsin/core';

/** Where shells read the time, so that a test can hold the hands. */
export interface Clock {
  now(): Instant;
}
export const systemClock: Clock = { now: () => Date.now() };
