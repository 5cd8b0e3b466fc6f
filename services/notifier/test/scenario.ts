import {
  configKinds,
  type ConfigKind,
  defaultOrg,
  type DeliveryAttempted,
  deliveryAttempted,
  type DeliveryRequested,
  deliveryRequested,
  type Entry,
  fold,
  type Folded,
  type Instant,
  isJsonObject,
  type Processor,
  type Recorded,
  type Severity,
  signalClosed,
  signalEscalated,
  signalOpened,
  type SignalSnapshot,
  signalStateChanged,
  type SinkTypes,
  type TopicName,
  type Triage,
  untriaged,
} from '@tocsin/core';

/** The sink types that the tests speak of. */
export const sinkTypes: SinkTypes = (type) =>
  ({
    webhook: { followUps: [] },
    pager: { followUps: ['escalated'] as const },
    slack: { followUps: ['escalated', 'state_changed'] as const },
    workflow: { followUps: [] },
  })[type];

export const snapshot = (given: Partial<SignalSnapshot> & { readonly id: string }): SignalSnapshot => ({
  org: defaultOrg,
  revision: 1,
  createdAt: 0,
  firstSeen: 0,
  lastSeen: 0,
  count: 1,
  format: 'falco',
  source: 'falco',
  ruleType: 'workload_security',
  rule: { id: 'shell', name: 'Shell in container', tags: [] },
  severity: 'high',
  title: 'Shell in container',
  message: 'A shell was spawned',
  groupBy: [{ path: 'host', value: 'web-1' }],
  entities: ['host:web-1'],
  tags: ['env:prod'],
  attributes: { host: 'web-1' },
  flags: [],
  sourceStatus: 'active',
  late: false,
  windows: { keepAlive: 3_600_000, maxDuration: 86_400_000 },
  samples: [],
  configVersion: 0,
  ...given,
});

/** Freezes a value through and through, so that a step that changes its input is found out. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) deepFreeze(inner);
  }
  return value;
}

/** The same processor on frozen states that went through its codec, as an engine may do at any time. */
export const hardened = <S>(processor: Processor<S>): Processor<S> => {
  const stored = (step: ReturnType<Processor<S>['step']>): ReturnType<Processor<S>['step']> => ({
    out: deepFreeze(step.out),
    puts: new Map(
      [...step.puts].map(([key, state]) => [
        key,
        state === undefined
          ? state
          : deepFreeze(processor.state.decode(processor.state.encode(state), processor.state.version)),
      ]),
    ),
  });
  return {
    ...processor,
    step: (states, record, context) => stored(processor.step(states, deepFreeze(record), context)),
    ...(processor.wake && {
      wake: (key, state, context) => stored(processor.wake?.(key, state, context) ?? { puts: new Map(), out: [] }),
    }),
  };
};

/** Writes a history record by record and folds it. Log time moves only by `wait`. */
export class Scenario {
  readonly entries: Entry[] = [];
  readonly #processor: Processor<unknown>;
  readonly #offsets = new Map<TopicName, number>();
  readonly #revisions = new Map<string, SignalSnapshot>();
  readonly #triage = new Map<string, Triage>();
  #now: Instant = 1_000_000;

  constructor(processor: Processor<unknown>) {
    this.#processor = processor;
  }

  get now(): Instant {
    return this.#now;
  }

  fold(entries: readonly Entry[] = this.entries): Folded {
    return fold([this.#processor], 0, entries);
  }

  wait(ms: number): void {
    this.#now += ms;
  }

  idle(): void {
    this.entries.push({ kind: 'idle', until: this.#now });
  }

  configure<K extends ConfigKind>(kind: K, given: unknown): void {
    const value = configKinds[kind].shape.parse(given);
    const id = configKinds[kind].idOf(value);
    this.#record('config', id, {
      type: 'config.created',
      subject: id,
      data: { kind, id, name: configKinds[kind].nameOf(value), version: 1, value, previous: null },
    });
  }

  open(id: string, given: Partial<SignalSnapshot> = {}): void {
    const data = snapshot({ id, createdAt: this.#now, firstSeen: this.#now, lastSeen: this.#now, ...given });
    this.#revisions.set(id, data);
    this.#record('signals', id, signalOpened.make({ ...this.#about(id), data }));
  }

  escalate(id: string, severity: Severity): void {
    const before = this.#known(id);
    const signal = { ...before, severity, revision: before.revision + 1, lastSeen: this.#now };
    this.#revisions.set(id, signal);
    this.#record('signals', id, signalEscalated.make({ ...this.#about(id), data: { from: before.severity, signal } }));
  }

  close(id: string): void {
    const { revision, firstSeen, lastSeen, count } = this.#known(id);
    const data = { revision: revision + 1, reason: 'quiet', firstSeen, lastSeen, count } as const;
    this.#record('signals', id, signalClosed.make({ ...this.#about(id), data }));
  }

  triage(id: string, change: Partial<Triage>): void {
    const before = this.#triage.get(id) ?? untriaged;
    const after = { ...before, ...change, version: before.version + 1 };
    this.#triage.set(id, after);
    const data = { before, after, configVersion: 0 };
    this.#record('triage-events', id, signalStateChanged.make({ ...this.#about(id), data }));
  }

  report(data: DeliveryAttempted['data']): void {
    const { signalId } = data;
    this.#record('attempts', signalId, deliveryAttempted.make({ ...this.#about(signalId), data }));
  }

  #known(id: string): SignalSnapshot {
    const known = this.#revisions.get(id);
    if (!known) throw new Error(`signal ${id} was not opened`);
    return known;
  }

  #about(subject: string) {
    return { id: `e${this.entries.length}`, org: defaultOrg, subject, at: this.#now };
  }

  #record(topic: TopicName, key: string, value: unknown): void {
    const offset = this.#offsets.get(topic) ?? 0;
    this.#offsets.set(topic, offset + 1);
    const record: Recorded = { topic, partition: 0, offset, seq: offset, key, value, recordedAt: this.#now };
    this.entries.push({ kind: 'record', record });
  }
}

/** The instructions among them. */
export const requestsOf = (folded: Folded): readonly (Told & { readonly data: Requested })[] =>
  toldBy(folded).flatMap((told) =>
    told.type === deliveryRequested.type ? [{ ...told, data: told.data as unknown as Requested }] : [],
  );
type Requested = DeliveryRequested['data'];

/** An event that the notifier wrote, with its log time. */
export interface Told {
  readonly type: string;
  readonly at: Instant;
  readonly data: Readonly<Record<string, unknown>>;
}
export const toldBy = ({ out }: Folded): readonly Told[] =>
  out.map(({ value, recordedAt }) => {
    if (!isJsonObject(value) || !isJsonObject(value.data) || typeof value.type !== 'string')
      throw new Error('no event');
    return { type: value.type, at: recordedAt, data: value.data };
  });
