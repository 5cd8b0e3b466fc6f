/** How much the delivery worker does at once, and how long it waits. Times in milliseconds. */
export interface DeliveryLimits {
  /**
   * Attempts at once to one sink, from the request until its report is durable: at a crash at most so many are repeated. The
   * HTTP client opens fewer connections than that; the others wait for their reports to be written. 128.
   */
  readonly perSink: number;
  /** Instead, to a sink that has not answered within `timeoutMs`: a few that hang must not take every slot. 16. */
  readonly perSilentSink: number;
  /** Attempts at once altogether. 512. */
  readonly total: number;
  /** Of one attempt. 15 s, as long as the HTTP client takes at most. */
  readonly timeoutMs: number;
  /** Failures in a row that open the breaker of a sink. 10. */
  readonly breakerFailures: number;
  /** How long a breaker stays open. 10 s. */
  readonly breakerOpenMs: number;
  /** Positions are saved this often. 5 s. */
  readonly saveEveryMs: number;
  /** Instructions a sink whose text is kept in memory; the rest is read again from the log. 1,024. */
  readonly keptPerSink: number;
  /** At a stop, what is under way gets so long to finish; what does not is tried again after the next start. 3 s. */
  readonly graceMs: number;
}
export const defaultDeliveryLimits: DeliveryLimits = {
  perSink: 128,
  perSilentSink: 16,
  total: 512,
  timeoutMs: 15_000,
  breakerFailures: 10,
  breakerOpenMs: 10_000,
  saveEveryMs: 5_000,
  keptPerSink: 1_024,
  graceMs: 3_000,
};
