import { type AnyProcessor, emptyLedger, type Ledger } from '@tocsin/core';
import type { EmbeddedLog } from '@tocsin/embedded';
import { isLedger, ledgerKey, type SignalsEntry } from '@tocsin/ingest';

/** What the signal builder says became of everything it read. */
export function ledgerOf(log: EmbeddedLog, processors: readonly AnyProcessor[]): Ledger {
  const builder = processors.find(({ id }) => id === 'signals');
  const entry = builder && (log.state(builder, ledgerKey) as SignalsEntry | undefined);
  return isLedger(entry) ? entry : emptyLedger;
}
