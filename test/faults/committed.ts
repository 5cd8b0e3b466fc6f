import { join } from 'node:path';
import { type CheckReport, checkPipeline, readAll } from '@tocsin/conformance';
import type { DeliveryAttempted, DetectionRejected, Event, Ledger, Recorded, SignalOpened } from '@tocsin/core';
import { EmbeddedLog } from '@tocsin/embedded';
import { ingestService, isLedger, ledgerKey, type SignalsEntry } from '@tocsin/ingest';
import { nodeDigest } from '@tocsin/runtime';
import { groupOf } from './script.ts';

/** What stands in a data directory that nobody has open. */
export interface Committed {
  readonly records: readonly Recorded[];
  readonly ledger: Ledger | undefined;
}

export async function committedIn(data: string): Promise<Committed> {
  const log = new EmbeddedLog({ path: join(data, 'log.db') });
  try {
    const [builder] = ingestService({ digest: nodeDigest }, { secret: new Uint8Array(32) });
    const entry = builder && (log.state(builder, ledgerKey) as SignalsEntry | undefined);
    return { records: await readAll(log, ['triage.dead']), ledger: isLedger(entry) ? entry : undefined };
  } finally {
    await log.close();
  }
}

export const checkCommitted = (
  { records, ledger }: Committed,
  sent: { readonly acknowledged: Iterable<string>; readonly possible: Iterable<string> },
): CheckReport => checkPipeline({ records, sent, ...(ledger && { ledger }), deliveriesEnded: true });

const eventsOf = ({ records }: Committed, topic: Recorded['topic']): readonly Event[] =>
  records.filter((record) => record.topic === topic).map(({ value }) => value as Event);

export interface SignalCount {
  readonly id: string;
  readonly group: string;
  readonly count: number;
}

/** Every signal with its last count, as its own events tell. */
export function signalCounts(committed: Committed): readonly SignalCount[] {
  const signals = new Map<string, SignalCount>();
  for (const event of eventsOf(committed, 'signals')) {
    const id = event.subject;
    if (event.type === 'signal.opened') {
      const { rule, groupBy, count } = (event as SignalOpened).data;
      signals.set(id, { id, group: groupOf(rule.id, groupBy[0]?.value ?? ''), count });
    }
    const before = signals.get(id);
    const { count, signal } = event.data as { readonly count?: number; readonly signal?: { readonly count: number } };
    if (before) signals.set(id, { ...before, count: count ?? signal?.count ?? before.count });
  }
  return [...signals.values()];
}

/** The texts of all lines that the intake could not read. */
export const deadLetterTexts = (committed: Committed): readonly string[] =>
  eventsOf(committed, 'intake.dead').map((event) =>
    Buffer.from((event as DetectionRejected).data.bytes, 'base64').toString('utf8'),
  );

/** How often each delivery was reported as made. */
export function deliveredReports(committed: Committed): ReadonlyMap<string, number> {
  const reports = new Map<string, number>();
  for (const event of eventsOf(committed, 'attempts')) {
    const { deliveryId, verdict } = (event as DeliveryAttempted).data;
    if (verdict === 'delivered') reports.set(deliveryId, (reports.get(deliveryId) ?? 0) + 1);
  }
  return reports;
}
