/**
 * What became of the detections that a partition has read, so that nothing can vanish unnoticed:
 * `accepted` = `inSignals` + `suppressed` + `excluded` + `duplicates`, at every committed instant.
 */
export interface Ledger {
  readonly accepted: number;
  /** Counted in exactly one signal each. */
  readonly inSignals: number;
  readonly suppressed: number;
  readonly excluded: number;
  /** The same detection again within the de-duplication window. */
  readonly duplicates: number;
}

/** Under which key each partition of the signal builder keeps its ledger, and whose state that is. */
export const ledgerKey = 'ledger';
export const ledgerKeeper = 'signals';

export type Fate = Exclude<keyof Ledger, 'accepted'>;
export const emptyLedger: Ledger = { accepted: 0, inSignals: 0, suppressed: 0, excluded: 0, duplicates: 0 };

/** One more detection was read, and this became of it. */
export const entered = (ledger: Ledger, fate: Fate): Ledger => ({
  ...ledger,
  accepted: ledger.accepted + 1,
  [fate]: ledger[fate] + 1,
});

/** The ledgers of several partitions as one. */
export const ledgerSum = (ledgers: readonly Ledger[]): Ledger =>
  ledgers.reduce(
    (sum, one) => ({
      accepted: sum.accepted + one.accepted,
      inSignals: sum.inSignals + one.inSignals,
      suppressed: sum.suppressed + one.suppressed,
      excluded: sum.excluded + one.excluded,
      duplicates: sum.duplicates + one.duplicates,
    }),
    emptyLedger,
  );

export const isBalanced = ({ accepted, inSignals, suppressed, excluded, duplicates }: Ledger): boolean =>
  accepted === inSignals + suppressed + excluded + duplicates;
