import { matches } from '../rules/matching.ts';
import type { Severity } from '../severity.ts';
import { signalStateChanged } from '../signal/events/state-changed.ts';
import type { SignalSnapshot } from '../signal/snapshot.ts';
import type { TriageChange } from '../signal/triage-change.ts';
import { untriaged } from '../signal/triage.ts';
import {
  laneClockOf,
  eachLane,
  followUpFor,
  type NotifierMoment,
  type NotifierEntry,
  type NotifierStep,
  joinLanes,
  type SteppedLane,
  wantsTriage,
} from './entry.ts';
import { giveUpNotice, type Lane, type Notice, notifyLane, openLane } from './lane.ts';
import { factsOf, messageBody, openingSummary, signalFromFacts } from './message-body.ts';
import type { MessageKind } from './message.ts';
import { type Route, type RouteTarget, routesOf, sinkTypeOf } from './route.ts';

/** What happened to a signal that rules are asked about. */
interface Telling {
  readonly signal: SignalSnapshot;
  readonly occasion: 'opened' | 'escalated';
  readonly summary: string;
}

/** A signal was opened: every matching rule that speaks at openings tells its targets. Undefined when nobody is to be told. */
export const notifyOpened = (signal: SignalSnapshot, moment: NotifierMoment): NotifierStep | undefined =>
  tell(undefined, { signal, occasion: 'opened', summary: openingSummary(signal) }, moment);

/**
 * The severity of a signal rose. A rule that did not speak before and matches now does; a target that knows of the signal
 * hears of it only when a matching rule says `notify_on: escalated` and its sink can make use of it.
 */
export const notifyEscalated = (
  entry: NotifierEntry | undefined,
  { from, signal }: { readonly from: Severity; readonly signal: SignalSnapshot },
  moment: NotifierMoment,
): NotifierStep | undefined => {
  const summary = `Severity rose from ${from} to ${signal.severity}: ${signal.title}.`;
  return tell(entry, { signal, occasion: 'escalated', summary }, moment);
};

/** The state of triage changed: told only to targets that know of the signal (or will) and whose sink wantsTriage it. */
export function notifyTriaged(
  entry: NotifierEntry,
  triaged: { readonly signalId: string; readonly change: TriageChange; readonly by?: string | undefined },
  moment: NotifierMoment,
): NotifierStep | undefined {
  const { signalId, change, by } = triaged;
  const { facts, org, createdAt } = entry;
  if (!facts || !differs(change) || moment.now >= createdAt + followUpFor) return undefined;
  if (!entry.lanes.some((lane) => wantsTriage(lane, moment))) return undefined;
  const mark = `t${change.after.version}`;
  const body = messageBody({
    signal: signalFromFacts({ id: signalId, org, createdAt }, facts, change.after),
    summary: `${signalStateChanged.summary(change)}${by === undefined ? '' : `, by ${by}`}.`,
    at: moment.now,
    linkBase: moment.policy.linkBase,
  });
  const telling: NotifierEntry = { ...entry, bodies: { ...entry.bodies, [mark]: body } };
  return eachLane(signalId, telling, moment, (lane) => {
    if (!wantsTriage(lane, moment)) return { lane, effects: [] };
    const id = deliveryIdOf(signalId, lane.key, `s${change.after.version}`);
    const notice = { id, kind: 'state_changed', body: mark, rule: lane.rule, config: moment.configVersion } as const;
    return notifyLane(lane, notice, laneClockOf(moment));
  });
}

const differs = ({ before, after }: TriageChange): boolean =>
  before.state !== after.state || before.archiveReason !== after.archiveReason;

function tell(entry: NotifierEntry | undefined, telling: Telling, moment: NotifierMoment): NotifierStep | undefined {
  const plan = planOf(entry, telling, moment);
  if (plan.size === 0) return undefined;
  const { signal } = telling;
  const old = entry?.lanes ?? [];
  const steps = [...old.map((lane) => follow(lane, plan.get(lane.key), telling, moment))];
  for (const planned of plan.values()) if (!planned.lane) steps.push(begin(planned, telling, moment));
  const told = { ...(entry ?? blankFor(signal)), ...contentsOf(entry, telling, moment) };
  return joinLanes({ signalId: signal.id, entry: told, moment, steps });
}

const blankFor = ({ org, createdAt }: SignalSnapshot): NotifierEntry => ({ org, createdAt, lanes: [], bodies: {} });

const contentsOf = (
  entry: NotifierEntry | undefined,
  { signal, summary }: Telling,
  { now, policy }: NotifierMoment,
) => ({
  facts: factsOf(signal),
  bodies: {
    ...entry?.bodies,
    [bodyMark(signal)]: messageBody({
      signal: { ...signal, triage: untriaged },
      summary,
      at: now,
      linkBase: policy.linkBase,
    }),
  },
});
const bodyMark = ({ revision }: SignalSnapshot): string => `r${revision}`;

/** One target that is to be told, by the first rule (in the order of names) that asks for it. */
interface Planned {
  readonly route: Route;
  readonly target: RouteTarget;
  /** The lane that exists already. */
  readonly lane: Lane | undefined;
}

function planOf(
  entry: NotifierEntry | undefined,
  telling: Telling,
  moment: NotifierMoment,
): ReadonlyMap<string, Planned> {
  const plan = new Map<string, Planned>();
  for (const route of routesOf(moment.configuration, moment.policy.sinkTypes)) {
    if (!matches(route.selectors, telling.signal)) continue;
    for (const target of route.targets) {
      const lane = entry?.lanes.find(({ key }) => key === target.key);
      const planned = { route, target, lane };
      if (!plan.has(target.key) && speaks(planned, telling, moment)) plan.set(target.key, planned);
    }
  }
  return plan;
}

function speaks(
  { route, target, lane }: Planned,
  { occasion }: Telling,
  { configuration, policy }: NotifierMoment,
): boolean {
  if (!lane) return occasion === 'escalated' || route.notifyOn.includes('opened');
  const type = sinkTypeOf(target.sink, configuration);
  const useful = type !== undefined && policy.sinkTypes(type)?.followUps.includes('escalated');
  return occasion === 'escalated' && route.notifyOn.includes('escalated') && useful === true;
}

function follow(lane: Lane, planned: Planned | undefined, telling: Telling, moment: NotifierMoment): SteppedLane {
  if (!planned) return { sink: lane, lane, effects: [] };
  const notice = noticeOf(planned, 'escalated', telling, moment);
  const { problem } = planned.target;
  if (problem !== undefined) return { sink: lane, lane, effects: [giveUpNotice(notice, because(planned, problem))] };
  return { sink: lane, ...notifyLane(lane, notice, laneClockOf(moment)) };
}

/** The first message of a lane is an opening for those who get it, even if an escalation was the occasion. */
function begin(planned: Planned, telling: Telling, moment: NotifierMoment): SteppedLane {
  const notice = noticeOf(planned, 'opened', telling, moment);
  const { problem } = planned.target;
  const sink = { sink: planned.target.sink };
  if (problem !== undefined)
    return { sink, lane: undefined, effects: [giveUpNotice(notice, because(planned, problem))] };
  return { sink, ...openLane(planned.target, notice, laneClockOf(moment)) };
}

const because = ({ route }: Planned, problem: string): string => `${problem} (rule "${route.rule.name}")`;

function noticeOf({ route, target }: Planned, kind: MessageKind, { signal }: Telling, moment: NotifierMoment): Notice {
  return {
    id: deliveryIdOf(signal.id, target.key, `${kind === 'opened' ? 'o' : 'e'}${signal.revision}`),
    kind,
    body: bodyMark(signal),
    rule: route.rule,
    ...(target.inputs && { inputs: target.inputs }),
    config: moment.configVersion,
  };
}

/** Derived, so that a replay makes the same; no colon; at most 64 + 41 + 18 characters. */
const deliveryIdOf = (signalId: string, key: string, what: string): string => `${signalId}.${key}.${what}`;
