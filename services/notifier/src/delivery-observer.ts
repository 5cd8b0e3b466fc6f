import type { BreakerState, Verdict } from '@tocsin/core';

/** For metrics and logs. Must not throw. */
export interface DeliveryObserver {
  attempted?(about: {
    readonly sink: string;
    readonly signalId: string;
    readonly attempt: number;
    readonly verdict: Verdict['kind'];
    readonly tookMs: number;
    /** From the decision of the notifier to the beginning of the attempt. */
    readonly waitedMs: number;
  }): void;
  breaker?(about: { readonly sink: string; readonly state: BreakerState }): void;
  /** A report that could not be written. Unless it is written `again`, the lease brings the attempt back. */
  unreported?(about: { readonly deliveryId: string; readonly error: unknown; readonly again: boolean }): void;
}
