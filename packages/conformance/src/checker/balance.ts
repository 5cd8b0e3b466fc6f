import { type Detection, type Event, emptyLedger, type Ledger } from '@tocsin/core';
import type { CommittedLog } from './committed-log.ts';
import { type Finding, finding } from './finding.ts';

/** Where every accepted detection went: `accepted` is the sum of the others. */
export interface Balance extends Ledger {
  readonly deadLetters: number;
}

/** What the producers know. */
export interface Sent {
  /** Ids of detections whose append was acknowledged. */
  readonly acknowledged: Iterable<string>;
  /** Ids of all that may be there; without it nothing is called a phantom. */
  readonly possible?: Iterable<string>;
}

/**
 * The balance as the log itself tells it. Repetitions are what was read and is in no signal: the ledger of the signal builder
 * tells suppressions and exclusions apart, where it is given.
 */
export function balanceOf(log: CommittedLog, ledger?: Ledger): Balance {
  const read = log.of('grouped-detections').length;
  const deadLetters = new Set(log.events('intake.dead').map(({ value }) => value.id)).size;
  const inSignals = countedInSignals(log);
  const { suppressed, excluded, duplicates } = ledger ?? { ...emptyLedger, duplicates: read - inSignals };
  return { accepted: read + deadLetters, inSignals, suppressed, excluded, duplicates, deadLetters };
}

export function* checkBalance(
  log: CommittedLog,
  { balance, ledger }: { readonly balance: Balance; readonly ledger?: Ledger | undefined },
): Iterable<Finding> {
  const { accepted, inSignals, suppressed, excluded, duplicates, deadLetters } = balance;
  const missing = accepted - inSignals - suppressed - excluded - duplicates - deadLetters;
  if (missing > 0) yield finding('lost', 'balance', `${missing} accepted detections are nowhere`);
  if (missing < 0) yield finding('duplicate', 'balance', `${-missing} detections are counted that were not accepted`);
  const read = log.of('grouped-detections');
  const different = new Set(read.map(({ value }) => (value as Detection).id)).size;
  const hidden = suppressed + excluded;
  if (inSignals + hidden < different)
    yield finding('lost', 'balance', `${different} different detections, ${inSignals + hidden} counted`);
  if (inSignals > read.length)
    yield finding('duplicate', 'balance', `${read.length} detections, ${inSignals} counted in signals`);
  if (ledger && ledger.accepted !== read.length)
    yield finding(
      ledger.accepted < read.length ? 'lost' : 'duplicate',
      'ledger',
      `it has ${ledger.accepted} of ${read.length} detections`,
    );
  if (ledger && ledger.inSignals !== inSignals)
    yield finding(
      'torn',
      'ledger',
      `it counts ${ledger.inSignals} detections in signals, the signals themselves ${inSignals}`,
    );
}

/** What was acknowledged is in the log; nothing is in it that nobody sent. */
export function* checkSent(log: CommittedLog, { acknowledged, possible }: Sent): Iterable<Finding> {
  const there = new Set(log.of('grouped-detections').map(({ value }) => (value as Detection).id));
  for (const id of acknowledged)
    if (!there.has(id)) yield finding('lost', id, 'it was acknowledged and is not in the log');
  if (!possible) return;
  const known = new Set(possible);
  for (const id of there) if (!known.has(id)) yield finding('phantom', id, 'nobody sent it');
}

/** Counters of a signal are absolute: the last event tells. */
function countedInSignals(log: CommittedLog): number {
  const counts = new Map<string, number>();
  for (const { value } of log.events('signals')) {
    const { data, subject } = value as Event;
    const { count, signal } = data as { readonly count?: number; readonly signal?: { readonly count: number } };
    counts.set(subject, count ?? signal?.count ?? 0);
  }
  return [...counts.values()].reduce((sum, count) => sum + count, 0);
}
