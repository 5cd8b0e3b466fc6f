import type { Configuration } from '../config/configuration.ts';
import type { Cause } from '../envelope.ts';
import type { Draft } from '../processor.ts';
import { day, type Duration, type Instant } from '../time.ts';
import { deliveryDrafts } from './drafts.ts';
import { type Lane, type LaneEffect, type LaneStep, reportToLane, type AttemptReport, wakeLane } from './lane.ts';
import type { SignalFacts, MessageBody } from './message-body.ts';
import { type SinkTypes, sinkTypeOf } from './route.ts';

/** What the notifier keeps of a signal: nothing at all while nobody is to be told. */
export interface NotifierEntry {
  readonly org: string;
  readonly createdAt: Instant;
  readonly lanes: readonly Lane[];
  /** Texts that a lane still has to send, by the mark in its notices. */
  readonly bodies: Readonly<Record<string, MessageBody>>;
  /** Kept only where somebody who was told also wantsTriage to hear of triage. */
  readonly facts?: SignalFacts;
  /** It absorbs no more: its severity will not rise again. */
  readonly closed?: true;
}

/** What holds for all signals. */
export interface NotifierPolicy {
  /** Where the pages are, without a slash at the end. */
  readonly linkBase: string;
  /** Length of the first lease of an attempt. */
  readonly leaseMs: Duration;
  readonly sinkTypes: SinkTypes;
}
/** What holds for one step. */
export interface NotifierMoment {
  readonly policy: NotifierPolicy;
  readonly configuration: Configuration;
  readonly configVersion: number;
  readonly now: Instant;
  readonly cause?: Cause | undefined;
}

/** The entry after it, undefined when nothing is left to keep; and what the log must be told. */
export interface NotifierStep {
  readonly entry: NotifierEntry | undefined;
  readonly drafts: readonly Draft[];
}

/** How long after the creation of a signal its triage is still told to those who want it: until it is locked. */
export const followUpFor: Duration = 30 * day;

/** What a worker reported of one attempt. */
export const noteAttempt = (
  signalId: string,
  entry: NotifierEntry,
  told: AttemptReport,
  moment: NotifierMoment,
): NotifierStep => eachLane(signalId, entry, moment, (lane) => reportToLane(lane, told, laneClockOf(moment)));

/** Leases that have ended, attempts that are due, an entry that is too old. */
export const wakeEntry = (signalId: string, entry: NotifierEntry, moment: NotifierMoment): NotifierStep =>
  eachLane(signalId, entry, moment, (lane) => wakeLane(lane, laneClockOf(moment)));

/** The signal absorbs no more detections. */
export const noteClosed = (signalId: string, entry: NotifierEntry, moment: NotifierMoment): NotifierStep =>
  eachLane(signalId, { ...entry, closed: true }, moment, (lane) => ({ lane, effects: [] }));

/** When something is to be done about the entry although nothing happens to its signal. */
export function entryWakeAt(entry: NotifierEntry): Instant | undefined {
  let first: Instant | undefined;
  for (const { head } of entry.lanes) if (head && (first === undefined || head.at < first)) first = head.at;
  return first ?? (entry.closed ? entry.createdAt + followUpFor : undefined);
}

export const laneClockOf = ({ now, policy }: NotifierMoment) => ({ now, leaseMs: policy.leaseMs });

export function eachLane(
  signalId: string,
  entry: NotifierEntry,
  moment: NotifierMoment,
  step: (lane: Lane) => LaneStep,
): NotifierStep {
  return joinLanes({ signalId, entry, moment, steps: entry.lanes.map((lane) => ({ ...step(lane), sink: lane })) });
}

/** A step of a lane, and which lane that was: a forgotten one too has effects. */
export interface SteppedLane {
  readonly sink: Pick<Lane, 'sink' | 'remembered'>;
  readonly lane: Lane | undefined;
  readonly effects: readonly LaneEffect[];
}

/** Puts the lanes back together and says what they want written. */
export function joinLanes(about: {
  readonly signalId: string;
  readonly entry: NotifierEntry;
  readonly moment: NotifierMoment;
  readonly steps: readonly SteppedLane[];
}): NotifierStep {
  const { signalId, entry, moment, steps } = about;
  const drafts = steps.flatMap(({ sink, lane, effects }) =>
    deliveryDrafts({ signalId, entry, moment, lane: lane ?? sink, effects }),
  );
  const lanes = steps.flatMap(({ lane }) => (lane ? [lane] : []));
  return { entry: kept({ ...entry, lanes }, moment), drafts };
}

function kept(entry: NotifierEntry, moment: NotifierMoment): NotifierEntry | undefined {
  const { facts, ...rest } = entry;
  const waits = entry.lanes.some(({ head }) => head !== undefined);
  const wanted = facts && entry.lanes.some((lane) => wantsTriage(lane, moment));
  const over = entry.closed && (!wanted || moment.now >= entry.createdAt + followUpFor);
  if (!waits && (over || entry.lanes.length === 0)) return undefined;
  return { ...rest, ...(wanted && { facts }), bodies: stillNeeded(entry) };
}

/** Whether the sink of a lane makes use of news about triage. */
export const wantsTriage = ({ sink }: Pick<Lane, 'sink'>, { configuration, policy }: NotifierMoment): boolean => {
  const type = sinkTypeOf(sink, configuration);
  return type !== undefined && (policy.sinkTypes(type)?.followUps.includes('state_changed') ?? false);
};

function stillNeeded({ lanes, bodies }: NotifierEntry): NotifierEntry['bodies'] {
  const needed = new Set<string>();
  for (const { head, next } of lanes) {
    if (head) needed.add(head.body);
    if (next) needed.add(next.body);
  }
  const marks = Object.keys(bodies);
  return marks.length === needed.size
    ? bodies
    : Object.fromEntries(Object.entries(bodies).filter(([mark]) => needed.has(mark)));
}
