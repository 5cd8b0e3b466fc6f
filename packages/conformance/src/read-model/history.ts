import { createHash } from 'node:crypto';
import {
  auditRecordOf,
  canonical,
  type Event,
  genesisHash,
  type Instant,
  type Json,
  type Recorded,
  type RuleType,
  ruleTypes,
  type Severity,
  severities,
  signalAssigned,
  signalCommented,
  type SignalSnapshot,
  type SignalState,
  signalClosed,
  signalEscalated,
  signalOpened,
  signalStateChanged,
  signalUpdated,
  type SignalView,
  type Triage,
  viewOf,
} from '@tocsin/core';
import { Random } from '../simulation/random.ts';

/** What happened to a set of signals, as the log tells it, and how each signal must look afterwards. */
export interface History {
  /** Per topic and partition in order; signals, triage events and their audit records. */
  readonly records: readonly Recorded[];
  readonly views: readonly SignalView[];
  /** Stored texts of the audit records, in the order of their streams. */
  readonly audit: readonly { readonly subject: string; readonly text: string }[];
}

export interface HistoryAbout {
  readonly seed: number;
  readonly signals: number;
  /** Ids and times start here, so that several histories can follow one another. */
  readonly from?: number;
  /** @default 2 */
  readonly partitions?: number;
  readonly org?: string;
}

const began: Instant = Date.UTC(2026, 0, 1);
const origin = {
  commandId: 'c-1',
  actor: { type: 'USER', id: 'u-1', name: 'Analyst' },
  authMethod: 'TOKEN',
  acceptedAt: began,
} as const;

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Histories are made with the events' own `make`, and folded with their own `evolve`. */
export function historyOf(about: HistoryAbout): History {
  const random = new Random(about.seed);
  const writer = new Writer(about.partitions ?? 2, about.from ?? 0);
  const views: SignalView[] = [];
  for (let i = 0; i < about.signals; i++) views.push(lifeOf(random, writer, { ...about, i: i + (about.from ?? 0) }));
  return { records: writer.records, views, audit: writer.audit };
}

/** Signals that were opened, and nothing happened to them since. */
export function openedOf(signals: readonly SignalView[]): History {
  const writer = new Writer(1, 0);
  for (const view of signals) {
    const say = { id: `${view.id}-1`, org: view.org, subject: view.id, at: view.createdAt };
    writer.write('signals', 0, signalOpened.make({ ...say, data: snapshotPart(view) }));
  }
  return { records: writer.records, views: signals.map((view) => viewOf(snapshotPart(view))), audit: writer.audit };
}

function lifeOf(random: Random, writer: Writer, about: HistoryAbout & { readonly i: number }): SignalView {
  const snapshot = snapshotOf(random, about);
  const partition = about.i % writer.partitions;
  const say = { org: snapshot.org, subject: snapshot.id, at: snapshot.createdAt };
  writer.write('signals', partition, signalOpened.make({ ...say, id: `${snapshot.id}-1`, data: snapshot }));
  let view = viewOf(snapshot);
  for (let n = random.below(5); n > 0; n--) {
    const event = nextEvent(random, view, { ...say, id: `${snapshot.id}-${view.revision}-${n}` });
    const topic =
      event.type === 'signal.updated' || event.type === 'signal.escalated' || event.type === 'signal.closed'
        ? 'signals'
        : 'triage-events';
    writer.write(topic, partition, event);
    view = evolved(view, event);
  }
  return view;
}

interface Say {
  readonly id: string;
  readonly org: string;
  readonly subject: string;
  readonly at: Instant;
}

function nextEvent(random: Random, view: SignalView, say: Say): Event {
  const { revision, firstSeen, lastSeen, count } = view;
  const counted = {
    revision: revision + 1,
    firstSeen,
    lastSeen: lastSeen + 1_000,
    count: count + random.between(1, 9),
  };
  switch (random.below(6)) {
    case 0:
      return signalUpdated.make({
        ...say,
        data: {
          ...counted,
          sourceStatus: 'active',
          newEntities: [`host:h${count}`],
          newTags: ['late:yes'],
          newSamples: [],
        },
      });
    case 1:
      return signalEscalated.make({
        ...say,
        data: { from: view.severity, signal: { ...snapshotPart(view), ...counted, severity: 'critical' } },
      });
    case 2:
      return signalClosed.make({ ...say, data: { ...counted, reason: 'quiet' } });
    case 3:
      return signalCommented.make({
        ...say,
        by: origin,
        data: { commentId: say.id, text: 'looked at it', configVersion: 0 },
      });
    case 4:
      return signalAssigned.make({
        ...say,
        by: origin,
        data: {
          before: view.triage,
          after: edited(view.triage, { assignee: { uuid: 'u-2', handle: 'b@example.com', name: 'B' } }),
          configVersion: 0,
        },
      });
    default:
      return signalStateChanged.make({
        ...say,
        by: origin,
        data: {
          before: view.triage,
          after: edited(view.triage, { state: random.pick<SignalState>(['under_review', 'archived']) }),
          configVersion: 0,
        },
      });
  }
}

const edited = (triage: Triage, change: Partial<Triage>): Triage => ({
  ...triage,
  ...change,
  version: triage.version + 1,
});

function snapshotPart({ closed: _, triage: __, comments: ___, ...snapshot }: SignalView): SignalSnapshot {
  return snapshot;
}

const definitions = [signalUpdated, signalEscalated, signalClosed, signalCommented, signalAssigned, signalStateChanged];

function evolved(view: SignalView, event: Event): SignalView {
  const definition = definitions.find(({ type }) => type === event.type);
  return definition?.evolve?.(view, event.data as never, event as never) ?? view;
}

function snapshotOf(random: Random, { i, seed, org = 'main' }: HistoryAbout & { readonly i: number }): SignalSnapshot {
  // Several signals share an instant, so that ties are met.
  const createdAt = began + Math.floor(i / 3) * 1_000;
  return {
    id: `sig-${seed}-${String(random.below(1_000_000)).padStart(6, '0')}-${i}`,
    org,
    revision: 1,
    createdAt,
    firstSeen: createdAt - 500,
    lastSeen: createdAt,
    count: random.between(1, 40),
    format: 'falco',
    source: random.pick(['falco', 'suricata', 'wazuh']),
    ruleType: random.pick<RuleType>(ruleTypes),
    rule: { id: `rule-${random.below(4)}`, name: 'A rule', tags: [] },
    severity: random.pick<Severity>(severities),
    title: `Signal ${i}: “quoted”, 'single', \u{1F4A3}`,
    message: 'What happened, in words.',
    groupBy: [{ path: 'host', value: `h${i}` }],
    entities: [`host:h${i}`],
    tags: Array.from(new Set([`env:${random.pick(['prod', 'test'])}`, `team:${random.below(3)}`])),
    attributes: { host: `h${i}`, nested: { 'odd key': [1, null, 'x'] } },
    flags: [],
    sourceStatus: 'active',
    late: false,
    windows: { keepAlive: 3_600_000, maxDuration: 86_400_000 },
    samples: [],
    configVersion: 0,
  };
}

/** Puts events into partitions as an engine would, with the audit record of each. */
class Writer {
  readonly records: Recorded[] = [];
  readonly audit: { readonly subject: string; readonly text: string }[] = [];
  readonly partitions: number;
  readonly #from: number;
  readonly #ends = new Map<string, number>();
  readonly #heads = new Map<number, string>();

  constructor(partitions: number, from: number) {
    this.partitions = partitions;
    this.#from = from;
  }

  write(topic: 'signals' | 'triage-events', partition: number, event: Event): void {
    const record = this.#put({ topic, partition, key: event.subject, value: event, recordedAt: event.at });
    const stream = `audit-${partition}`;
    const seq = this.#ends.get(`audit/${partition}`) ?? 0;
    const place = { stream, seq: seq + this.#from * 100, prevHash: this.#heads.get(partition) ?? genesisHash };
    const text = canonical(auditRecordOf(record as Recorded<Event>, place) as unknown as Json);
    this.#heads.set(partition, sha256(text));
    this.audit.push({ subject: event.subject, text });
    this.#put({ topic: 'audit', partition, key: event.subject, value: text, recordedAt: event.at });
  }

  #put(record: Omit<Recorded, 'offset' | 'seq'>): Recorded {
    const place = `${record.topic}/${record.partition}`;
    const end = this.#ends.get(place) ?? 0;
    this.#ends.set(place, end + 1);
    const offset = end + this.#from * 100;
    const recorded = { ...record, offset, seq: offset, value: JSON.parse(JSON.stringify(record.value)) as unknown };
    this.records.push(recorded);
    return recorded;
  }
}
