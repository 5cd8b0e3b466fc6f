import { type EventLog, type Ledger, type Recorded, type TopicName, topicNames } from '@tocsin/core';
import { checkAudit } from './audit-check.ts';
import { type Balance, balanceOf, checkBalance, checkSent, type Sent } from './balance.ts';
import { CommittedLog } from './committed-log.ts';
import { checkDeliveries } from './delivery-check.ts';
import { checkEvents } from './event-check.ts';
import { type FaultKind, type Finding, faultKinds } from './finding.ts';
import { checkOrder } from './order-check.ts';

export interface Checked {
  /** Everything committed, in the order of reading: per partition in order. Taken when nothing is under way any more. */
  readonly records: readonly Recorded[];
  readonly sent?: Sent;
  /** Sum of the signal builder's ledgers. */
  readonly ledger?: Ledger;
  /** True when every delivery must have come to an end. @default false */
  readonly deliveriesEnded?: boolean;
}

export interface CheckReport {
  /** True when nothing was found. */
  readonly clean: boolean;
  readonly counts: Readonly<Record<FaultKind, number>>;
  readonly findings: readonly Finding[];
  readonly balance: Balance;
}

/** Judges a run by what it has committed, and by nothing else. */
export function checkPipeline({ records, sent, ledger, deliveriesEnded = false }: Checked): CheckReport {
  const log = new CommittedLog(records);
  const balance = balanceOf(log, ledger);
  const findings = [
    ...checkOrder(log),
    ...checkEvents(log),
    ...checkDeliveries(log, deliveriesEnded),
    ...checkAudit(log),
    ...checkBalance(log, { balance, ledger }),
    ...(sent ? checkSent(log, sent) : []),
  ];
  const counts = Object.fromEntries(
    faultKinds.map((kind) => [kind, findings.filter((one) => one.kind === kind).length]),
  );
  return { clean: findings.length === 0, counts: counts as Record<FaultKind, number>, findings, balance };
}

/** All committed records that the checker looks at; `dead` names dead-letter topics of processors. */
export async function readAll(log: EventLog, dead: readonly TopicName[] = []): Promise<readonly Recorded[]> {
  const request = {
    topics: [...topicNames, ...dead],
    from: 'start',
    follow: false,
    signal: new AbortController().signal,
  } as const;
  const records: Recorded[] = [];
  for await (const batch of log.read(request)) records.push(...batch);
  return records;
}

/** The report as text: every count, zero or not, the balance, and the first findings. */
export function reportText({ counts, findings, balance }: CheckReport, first = 20): string {
  const { accepted, inSignals, suppressed, excluded, duplicates, deadLetters } = balance;
  return [
    faultKinds.map((kind) => `${kind} ${counts[kind]}`).join(', '),
    `accepted ${accepted} = in signals ${inSignals} + suppressed ${suppressed} + excluded ${excluded} + duplicates ${duplicates} + dead letters ${deadLetters}`,
    ...findings.slice(0, first).map(({ kind, where, what }) => `${kind}: ${where}: ${what}`),
    ...(findings.length > first ? [`… and ${findings.length - first} more`] : []),
  ].join('\n');
}
