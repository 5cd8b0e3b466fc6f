import {
  type DeliveryAbandoned,
  type DeliveryAttempted,
  type Entry,
  type Event,
  type Folded,
  type Instant,
  isJsonObject,
  retryLadder,
} from '@tocsin/core';
import { requestsOf, toldBy } from './scenario.ts';

/**
 * Looks at a finished history from outside, with nothing of the notifier's own code: what was asked, what was reported, what
 * was written. Each check returns what is wrong; an empty list is a clean history.
 */
export function problemsOf(entries: readonly Entry[], folded: Folded): readonly string[] {
  return [...attemptsOf(entries, folded).values()].flatMap(checkDelivery).concat(checkLanes(entries, folded));
}

type Reported = DeliveryAttempted['data'];
interface Issue {
  readonly at: Instant;
  readonly attempt: number;
  readonly lease: number;
  readonly leaseUntil: Instant;
  readonly message: string;
}
interface Delivery {
  readonly id: string;
  readonly issues: Issue[];
  readonly reports: { readonly at: Instant; readonly data: Reported }[];
  abandoned: { readonly at: Instant; readonly attempts: number } | undefined;
  superseded: Instant | undefined;
}

export const reportsIn = (entries: readonly Entry[]): readonly { readonly at: Instant; readonly data: Reported }[] =>
  entries.flatMap((entry) =>
    entry.kind === 'record' && entry.record.topic === 'attempts'
      ? [{ at: entry.record.recordedAt, data: (entry.record.value as Event<string, Reported>).data }]
      : [],
  );

export function attemptsOf(entries: readonly Entry[], folded: Folded): ReadonlyMap<string, Delivery> {
  const all = new Map<string, Delivery>();
  const of = (id: string): Delivery => {
    const known = all.get(id) ?? { id, issues: [], reports: [], abandoned: undefined, superseded: undefined };
    all.set(id, known);
    return known;
  };
  for (const { at, data } of requestsOf(folded)) {
    const { attempt, lease, leaseUntil, message } = data;
    of(data.deliveryId).issues.push({ at, attempt, lease, leaseUntil, message: JSON.stringify(message) });
  }
  for (const report of reportsIn(entries)) of(report.data.deliveryId).reports.push(report);
  for (const { type, at, data } of toldBy(folded)) {
    const id = String(data.deliveryId);
    if (type === 'delivery.abandoned')
      of(id).abandoned = { at, attempts: (data as unknown as DeliveryAbandoned['data']).attempts };
    if (type === 'delivery.superseded') of(id).superseded = at;
  }
  return all;
}

function checkDelivery(delivery: Delivery): readonly string[] {
  const { id, issues, abandoned, superseded } = delivery;
  const wrong: string[] = [];
  issues.forEach((issue, at) => {
    const before = issues[at - 1];
    if (!before) {
      if (issue.attempt !== 1 || issue.lease !== 1) wrong.push(`${id} begins with attempt ${issue.attempt}`);
      return;
    }
    if (issue.message !== before.message) wrong.push(`${id} changed its message`);
    if (issue.attempt === before.attempt) wrong.push(...checkLease(id, before, issue));
    else wrong.push(...checkRetry(delivery, before, issue));
  });
  const done = delivered(delivery);
  if (done !== undefined && issues.some(({ at }) => at > done)) wrong.push(`${id} was repeated after its delivery`);
  if (abandoned && issues.some(({ at }) => at > abandoned.at)) wrong.push(`${id} was tried after it was abandoned`);
  if (superseded !== undefined && issues.some(({ at }) => at > superseded))
    wrong.push(`${id} was tried though superseded`);
  if ([done !== undefined, abandoned !== undefined, superseded !== undefined].filter(Boolean).length !== 1)
    wrong.push(`${id} must end in exactly one way: ${JSON.stringify({ done, abandoned, superseded })}`);
  return wrong;
}

/** When it was settled as delivered: the first such report of an attempt that was issued, unless it was given up before. */
function delivered({ issues, reports, abandoned, superseded }: Delivery): Instant | undefined {
  const end = Math.min(abandoned?.at ?? Number.POSITIVE_INFINITY, superseded ?? Number.POSITIVE_INFINITY);
  return reports.find(
    ({ at, data }) =>
      data.verdict === 'delivered' &&
      at <= end &&
      issues.some((issue) => issue.attempt >= data.attempt && issue.at <= at),
  )?.at;
}

const checkLease = (id: string, before: Issue, issue: Issue): readonly string[] => [
  ...(issue.lease === before.lease + 1 ? [] : [`${id} skips a lease`]),
  ...(issue.at >= before.leaseUntil ? [] : [`${id} is issued again before its lease ended`]),
];

function checkRetry({ id, reports }: Delivery, before: Issue, issue: Issue): readonly string[] {
  const cause = reports.find(
    ({ at, data }) =>
      at >= before.at &&
      at <= issue.at &&
      data.verdict === 'retry' &&
      data.attempt === before.attempt &&
      data.lease === before.lease,
  );
  if (issue.attempt !== before.attempt + 1 || issue.lease !== 1) return [`${id} skips an attempt`];
  if (!cause) return [`${id} goes on to attempt ${issue.attempt} unreported`];
  const step = retryLadder[before.attempt - 1] ?? Number.NaN;
  const asked = Math.min(cause.data.afterMs ?? 0, 3_600_000);
  const waited = issue.at - cause.at;
  const ok = waited >= Math.max(step * 0.8, asked) && waited <= Math.max(step * 1.2 + 1, asked);
  return ok ? [] : [`${id} attempt ${issue.attempt} came after ${waited} ms, the step is ${step}, asked were ${asked}`];
}

/** One outstanding attempt a lane; the opening arrives before anything else is sent; follow-ups keep their order. */
function checkLanes(entries: readonly Entry[], folded: Folded): readonly string[] {
  const wrong: string[] = [];
  const all = attemptsOf(entries, folded);
  const lanes = new Map<string, Delivery[]>();
  for (const delivery of all.values()) {
    if (delivery.issues.length === 0) continue;
    const lane = delivery.id.slice(0, delivery.id.lastIndexOf('.'));
    lanes.set(lane, [...(lanes.get(lane) ?? []), delivery]);
  }
  for (const [lane, deliveries] of lanes)
    deliveries.forEach((delivery, at) => {
      const before = deliveries[at - 1];
      const begun = delivery.issues[0]?.at ?? Number.NaN;
      const opening = /\.o\d+$/.test(delivery.id);
      const opener = deliveries.slice(0, at).findLast(({ id }) => /\.o\d+$/.test(id));
      if (!opening && (opener === undefined || !((delivered(opener) ?? Number.POSITIVE_INFINITY) <= begun)))
        wrong.push(`${lane}: ${delivery.id} was sent though the first message had not arrived`);
      if (before && !(endOf(before) <= begun))
        wrong.push(`${lane}: ${delivery.id} began while ${before.id} was outstanding`);
    });
  return wrong;
}

const endOf = (delivery: Delivery): Instant =>
  Math.min(
    delivered(delivery) ?? Number.POSITIVE_INFINITY,
    delivery.abandoned?.at ?? Number.POSITIVE_INFINITY,
    delivery.superseded ?? Number.POSITIVE_INFINITY,
  );

/** Who must hear of what, worked out from the records alone: `signal/handle` to whether it was opened or only escalated into. */
export interface Rule {
  readonly name: string;
  readonly severities: readonly string[];
  readonly sinks: readonly string[];
  readonly escalated: boolean;
}
export function expectedPairs(entries: readonly Entry[], rules: readonly Rule[]): ReadonlySet<string> {
  const pairs = new Set<string>();
  let known: readonly Rule[] = [];
  for (const entry of entries) {
    if (entry.kind !== 'record') continue;
    const { type, data } = entry.record.value as { type: string; data: unknown };
    if (!isJsonObject(data)) continue;
    if (data.kind === 'notification_rule')
      known = rules.filter(({ name }) => name === data.name || known.some((r) => r.name === name));
    const signal = type === 'signal.opened' ? data : type === 'signal.escalated' ? data.signal : undefined;
    if (!isJsonObject(signal)) continue;
    for (const rule of known)
      if (rule.severities.length === 0 || rule.severities.includes(String(signal.severity)))
        for (const sink of rule.sinks) pairs.add(`${String(signal.id)}/${sink}`);
  }
  return pairs;
}
