import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Event } from '../envelope.ts';
import type { Json } from '../json.ts';
import type { Recorded } from '../processor.ts';
import type { SignalView } from '../signal/view.ts';
import type { TopicName } from '../topics.ts';
import { canonical } from './canonical.ts';
import { eventDefinitionOf } from './definitions.ts';
import { genesisHash } from './record.ts';
import { auditRecordOf } from './record-of.ts';
import { diffViews, replay } from './replay.ts';

const began = Date.UTC(2026, 0, 1);
const by = {
  commandId: 'c',
  actor: { type: 'USER', id: 'u', name: 'Ada' },
  authMethod: 'TOKEN',
  acceptedAt: began,
} as const;
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

interface Told {
  readonly topic: TopicName;
  readonly event: Event;
}

/** The life of a signal: its opening, then what a random list of numbers makes of it. */
function lifeOf(id: string, kinds: readonly number[]): readonly Told[] {
  const told: Told[] = [];
  let revision = 0;
  let version = 0;
  const tell = (topic: TopicName, type: string, data: Json, person = false): void => {
    const at = began + told.length * 1_000;
    const about = { type, v: 1, id: `${id}-${told.length}`, org: 'main', subject: id, at, data };
    told.push({ topic, event: person ? { ...about, by } : about });
  };
  const snapshot = (severity: string): Json => ({
    id,
    org: 'main',
    revision,
    createdAt: began,
    severity,
    count: 1,
    entities: ['host:a'],
    tags: [],
    samples: [],
  });
  const block = (): Json => ({
    state: version % 2 ? 'under_review' : 'open',
    version,
    archiveReason: 'none',
    incidentIds: [],
  });
  revision = 1;
  tell('signals', 'signal.opened', snapshot('low'));
  for (const kind of kinds) {
    if (kind < 2) {
      revision += 1;
      const grown = { revision, firstSeen: began, lastSeen: began + kind, count: revision };
      const more = { newEntities: [`host:${revision}`], newTags: [], newSamples: [] };
      tell('signals', 'signal.updated', { ...grown, sourceStatus: 'active', ...more });
    } else if (kind === 2)
      tell('triage-events', 'signal.commented', { commentId: `k${told.length}`, text: 'Ah', configVersion: 1 }, true);
    else if (kind === 3) {
      const before = block();
      version += 1;
      tell('triage-events', 'signal.state_changed', { before, after: block(), configVersion: 1 }, true);
    } else
      tell('triage-events', 'command.rejected', { command: 'x', code: 'locked', message: 'm', configVersion: 1 }, true);
  }
  return told;
}

/** What a projection stores that applies `evolve` in log order. */
function viewsOf(told: readonly Told[], until = Number.POSITIVE_INFINITY): ReadonlyMap<string, SignalView> {
  const views = new Map<string, SignalView>();
  for (const { event } of told) {
    if (event.at > until) continue;
    const view = eventDefinitionOf(event.type)?.evolve?.(views.get(event.subject), event.data as never, event as never);
    if (view) views.set(event.subject, view);
  }
  return views;
}

function auditOf(told: readonly Told[]): readonly string[] {
  let prevHash = genesisHash;
  return told.map(({ topic, event }, seq) => {
    const recorded: Recorded<Event> = {
      topic,
      partition: 0,
      offset: seq,
      seq,
      key: event.subject,
      value: event,
      recordedAt: event.at,
    };
    const text = canonical(auditRecordOf(recorded, { stream: 'audit-0', seq, prevHash }) as unknown as Json);
    prevHash = sha256(text);
    return text;
  });
}

/** Mixes lists at random; each keeps its own order. */
function mixed(lists: readonly (readonly Told[])[], choices: readonly number[]): readonly Told[] {
  const rest = lists.map((list) => [...list]);
  const all: Told[] = [];
  for (let turn = 0; rest.some((list) => list.length > 0); turn++) {
    const left = rest.filter((list) => list.length > 0);
    const next = left[(choices[turn % choices.length] ?? 0) % left.length]?.shift();
    if (next) all.push(next);
  }
  return all;
}

const lives = fc
  .array(fc.array(fc.nat(4), { maxLength: 12 }), { minLength: 1, maxLength: 4 })
  .map((signals) => signals.map((kinds, at) => lifeOf(`s-${at}`, kinds)));
const choices = fc.array(fc.nat(7), { minLength: 1, maxLength: 40 });

describe('replay', () => {
  it('rebuilds from audit records alone what the events tell', () =>
    fc.assert(
      fc.property(lives, choices, (signals, mix) => {
        const told = mixed(signals, mix);
        const rebuilt = replay(auditOf(told));
        expect(rebuilt).toEqual(viewsOf(told));
        expect(diffViews(rebuilt, viewsOf(told).values())).toEqual([]);
      }),
    ));

  it('rebuilds any past instant', () =>
    fc.assert(
      fc.property(lives, fc.nat(15_000), (signals, after) => {
        const told = signals.flat();
        expect(replay(auditOf(told), began + after)).toEqual(viewsOf(told, began + after));
      }),
    ));

  it('does not care how the topics of a signal were interleaved', () =>
    fc.assert(
      fc.property(lives, choices, (signals, mix) => {
        const topics: readonly TopicName[] = ['triage-events', 'signals'];
        const apart = signals.flatMap((life) => topics.map((name) => life.filter(({ topic }) => topic === name)));
        expect(replay(auditOf(mixed(apart, mix)))).toEqual(viewsOf(signals.flat()));
      }),
    ));
});

describe('the difference of views', () => {
  const [one] = [...viewsOf(lifeOf('s-0', [0, 3])).values()] as [SignalView];
  const rebuilt = new Map([['s-0', one]]);

  it('names what differs, and nothing else', () => {
    const other = { ...one, count: 7, triage: { ...one.triage, state: 'archived' as const } };
    expect(diffViews(rebuilt, [other])).toEqual([
      { signal: 's-0', path: 'count', audit: one.count, readModel: 7 },
      { signal: 's-0', path: 'triage.state', audit: 'under_review', readModel: 'archived' },
    ]);
  });

  it('sees a signal that only one side has, and a member that only one side has', () => {
    expect(diffViews(rebuilt, [])).toEqual([{ signal: 's-0', path: '', audit: one, readModel: undefined }]);
    expect(diffViews(new Map(), [one])).toEqual([{ signal: 's-0', path: '', audit: undefined, readModel: one }]);
    const { count, ...without } = one;
    expect(diffViews(rebuilt, [without as SignalView])).toEqual([
      { signal: 's-0', path: 'count', audit: count, readModel: undefined },
    ]);
  });

  it('is blind to the order of members and to members that are undefined', () => {
    const turned = Object.fromEntries(Object.entries({ ...one, note: undefined }).reverse()) as unknown as SignalView;
    expect(diffViews(rebuilt, [turned])).toEqual([]);
  });
});
