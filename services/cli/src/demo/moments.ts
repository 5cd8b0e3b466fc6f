/** Moments of the story, counted back from its end, in the spellings of the tools. */
export class Moments {
  readonly #endMs: number;

  constructor(endMs: number) {
    this.#endMs = endMs;
  }

  /** `2026-01-31T12:00:00.000Z`, so many minutes before the end. */
  iso(minutesAgo: number): string {
    return new Date(this.#endMs - minutesAgo * 60_000).toISOString();
  }

  /** Falco writes nanoseconds. */
  nanos(minutesAgo: number): string {
    return this.iso(minutesAgo).replace(/(\.\d{3})Z$/, '$1482915Z');
  }

  /** Suricata writes microseconds and a zone without a colon. */
  micros(minutesAgo: number): string {
    return this.iso(minutesAgo).replace(/(\.\d{3})Z$/, '$1207+0000');
  }

  /** Wazuh writes milliseconds and a zone without a colon. */
  millis(minutesAgo: number): string {
    return this.iso(minutesAgo).replace('Z', '+0000');
  }

  /** Seconds since the epoch. */
  epoch(minutesAgo: number): number {
    return Math.floor((this.#endMs - minutesAgo * 60_000) / 1000);
  }
}

/** So many minutes before the end, one after the other: 31, 30.8, 30.6… */
export const spaced = (count: number, fromMinutesAgo: number, everyMinutes = 0.2): readonly number[] =>
  Array.from({ length: count }, (_, index) => Number((fromMinutesAgo - index * everyMinutes).toFixed(2)));
