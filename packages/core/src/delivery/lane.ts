import type { JsonObject } from '../json.ts';
import type { Duration, Instant } from '../time.ts';
import type { verdictKinds } from './events/attempted.ts';
import { leaseLength, retryDelay } from './ladder.ts';
import type { MessageKind } from './message.ts';
import type { Remembered } from './sink.ts';

/** Something that a lane has to tell. Its text is kept once for all lanes of a signal, under `body`. */
export interface Notice {
  /** The delivery id: constant over attempts and repeats. */
  readonly id: string;
  readonly kind: MessageKind;
  readonly body: string;
  readonly rule: { readonly id: string; readonly name: string };
  readonly inputs?: JsonObject;
  /** Version of the configuration that asked for it. */
  readonly config: number;
}

/** The notice that a lane is busy with. */
export interface Head extends Notice {
  /** From 1. */
  readonly attempt: number;
  /** From 1, again with each attempt. */
  readonly lease: number;
  readonly phase: 'issued' | 'waiting';
  /** Issued: when the lease ends. Waiting: when the next attempt is due. */
  readonly at: Instant;
}

/** One signal and one target: messages go out one after the other, and the first must arrive before any other is sent. */
export interface Lane {
  /** The handle; for a workflow with arguments, a mark of those too. */
  readonly key: string;
  /** Handle without the `@`. */
  readonly sink: string;
  /** The rule that opened the lane. */
  readonly rule: Notice['rule'];
  /** The first message has arrived. */
  readonly told: boolean;
  readonly remembered?: Remembered;
  readonly head?: Head;
  /** The newest follow-up that waits for the head. */
  readonly next?: Notice;
}

/** What a worker reported. */
export interface AttemptReport {
  readonly deliveryId: string;
  readonly attempt: number;
  readonly lease: number;
  readonly verdict: (typeof verdictKinds)[number];
  readonly reason?: string;
  readonly afterMs?: Duration;
  readonly remember?: JsonObject;
}

export type LaneEffect =
  | { readonly kind: 'issue'; readonly head: Head }
  | { readonly kind: 'abandoned'; readonly notice: Notice; readonly attempts: number; readonly reason: string }
  | { readonly kind: 'superseded'; readonly notice: Notice; readonly by: string };

/** The lane after it, undefined when it is forgotten; and what the log must be told. */
export interface LaneStep {
  readonly lane: Lane | undefined;
  readonly effects: readonly LaneEffect[];
}
/** When, and how long the first lease of an attempt is. */
export interface LaneClock {
  readonly now: Instant;
  readonly leaseMs: Duration;
}

export type LanePhase = 'idle' | 'issued' | 'waiting';
export type LaneOccasion = 'newer' | 'due' | AttemptReport['verdict'];
export type LaneAction =
  | 'ignore'
  | 'start'
  | 'queue'
  | 'replace'
  | 'settle'
  | 'postpone'
  | 'abandon'
  | 'reissue'
  | 'advance';

/** Complete by type. A `newer` notice never replaces the first message of a lane: it then queues. */
export const laneTable: Readonly<Record<LanePhase, Readonly<Record<LaneOccasion, LaneAction>>>> = {
  idle: { newer: 'start', due: 'ignore', delivered: 'ignore', retry: 'ignore', rejected: 'ignore' },
  issued: { newer: 'queue', due: 'reissue', delivered: 'settle', retry: 'postpone', rejected: 'abandon' },
  waiting: { newer: 'replace', due: 'advance', delivered: 'settle', retry: 'ignore', rejected: 'ignore' },
};

const phaseOf = (lane: Lane): LanePhase => lane.head?.phase ?? 'idle';
const unchanged = (lane: Lane): LaneStep => ({ lane, effects: [] });

/** A lane with its first message. */
export const openLane = (
  { key, sink }: { readonly key: string; readonly sink: string },
  notice: Notice,
  clock: LaneClock,
): LaneStep => start({ key, sink, rule: notice.rule, told: false }, notice, clock);

/** A follow-up for a lane. */
export function notifyLane(lane: Lane, notice: Notice, clock: LaneClock): LaneStep {
  const action = laneTable[phaseOf(lane)].newer;
  if (action === 'start') return start(lane, notice, clock);
  if (action === 'replace' && lane.told && lane.head)
    return after(start(lane, notice, clock), supersede(lane.head, notice));
  return { lane: { ...lane, next: notice }, effects: lane.next ? [supersede(lane.next, notice)] : [] };
}

/**
 * What a worker reported. That it was delivered settles the head whatever the lease; anything else counts only from the
 * lease that is outstanding, so that repeated instructions and late reports change nothing.
 */
export function reportToLane(lane: Lane, told: AttemptReport, clock: LaneClock): LaneStep {
  const { head } = lane;
  if (!head || !concerns(head, told)) return unchanged(lane);
  const action = laneTable[head.phase][told.verdict];
  if (action === 'settle') return settle(lane, told, clock);
  if (action === 'postpone') return postpone(lane, head, told, clock);
  if (action === 'abandon') return abandon(lane, head, told.reason ?? 'refused by the far end', clock);
  return unchanged(lane);
}

/** The lease of the head has ended, or its next attempt is due. Nothing happens when neither is so. */
export function wakeLane(lane: Lane, clock: LaneClock): LaneStep {
  const { head } = lane;
  if (!head || head.at > clock.now) return unchanged(lane);
  const again = laneTable[head.phase].due === 'reissue';
  const counters = again ? { attempt: head.attempt, lease: head.lease + 1 } : { attempt: head.attempt + 1, lease: 1 };
  return issue(lane, head, counters, clock);
}

const concerns = (head: Head, { deliveryId, attempt, lease, verdict }: AttemptReport): boolean =>
  head.id === deliveryId &&
  (verdict === 'delivered' ? attempt <= head.attempt : attempt === head.attempt && lease === head.lease);

const start = (lane: Lane, notice: Notice, clock: LaneClock): LaneStep =>
  issue(lane, notice, { attempt: 1, lease: 1 }, clock);

function issue(
  lane: Lane,
  notice: Notice,
  { attempt, lease }: { readonly attempt: number; readonly lease: number },
  { now, leaseMs }: LaneClock,
): LaneStep {
  const head: Head = { ...notice, attempt, lease, phase: 'issued', at: now + leaseLength(lease, leaseMs) };
  return { lane: { ...lane, head }, effects: [{ kind: 'issue', head }] };
}

function settle(lane: Lane, { remember }: AttemptReport, clock: LaneClock): LaneStep {
  const remembered = (remember as Remembered | undefined) ?? lane.remembered;
  return proceed({ ...lane, told: true, ...(remembered && { remembered }) }, clock);
}

/** The head is done with; the follow-up that waited takes its place. */
function proceed({ head: _, next, ...idle }: Lane, clock: LaneClock): LaneStep {
  return next ? start(idle, next, clock) : unchanged(idle);
}

function postpone(lane: Lane, head: Head, told: AttemptReport, clock: LaneClock): LaneStep {
  if (lane.told && lane.next) return after(proceed(lane, clock), supersede(head, lane.next));
  const delay = retryDelay({ deliveryId: head.id, attempt: head.attempt, afterMs: told.afterMs });
  if (delay === undefined)
    return abandon(lane, head, `last attempt failed: ${told.reason ?? 'no reason given'}`, clock);
  return unchanged({ ...lane, head: { ...head, phase: 'waiting', at: clock.now + delay } });
}

/** A lane whose first message never arrived is forgotten, together with what waited: nobody there knows of the signal. */
function abandon(lane: Lane, head: Head, reason: string, clock: LaneClock): LaneStep {
  const given: LaneEffect = { kind: 'abandoned', notice: head, attempts: head.attempt, reason };
  if (lane.told) return after(proceed(lane, clock), given);
  const pointless = lane.next && giveUpNotice(lane.next, 'the first message to this target did not arrive');
  return { lane: undefined, effects: pointless ? [given, pointless] : [given] };
}

/** A notice that is not sent at all. */
export const giveUpNotice = (notice: Notice, reason: string): LaneEffect => ({
  kind: 'abandoned',
  notice,
  attempts: 0,
  reason,
});

const supersede = (old: Notice, by: Notice): LaneEffect => ({ kind: 'superseded', notice: old, by: by.id });
const after = ({ lane, effects }: LaneStep, first: LaneEffect): LaneStep => ({ lane, effects: [first, ...effects] });
