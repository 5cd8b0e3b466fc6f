import {
  type AnyProcessor,
  type ConfigKind,
  configCreated,
  configKinds,
  type Entry,
  type Event,
  fold,
  type Json,
  SignalIds,
  type TopicName,
} from '@tocsin/core';
import { testCommandKeys } from '@tocsin/conformance';
import { nodeDigest } from '@tocsin/runtime';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { triageProcessor } from './triage-processor.ts';

/**
 * Random commands on a few signals, with repeats, stale versions, forged ids, months that pass and policies that change,
 * against a model written from the product's description without looking at the decision. Times are in days.
 */
const dayMs = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const signalIds = new SignalIds({ digest: nodeDigest, secret: new Uint8Array(32).fill(1) });
const subjects = ['one', 'two', 'forged'].map((cause) =>
  cause === 'forged' ? `s${'A'.repeat(32)}` : signalIds.make({ shard: 1, createdAt: start, org: 'main', cause }),
);
const users = ['11111111-1111-4111-8111-111111111111', '22222222-2222-4222-8222-222222222222'];
const stranger = '33333333-3333-4333-8333-333333333333';

const state = fc.constantFrom('open', 'under_review', 'archived');
const reason = fc.constantFrom('none', 'other', 'false_positive');
const assignee = fc.constantFrom('', 'me', ...users, stranger);
const incidentIds = fc.uniqueArray(fc.nat(9), { maxLength: 3 });
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
/** Mostly absent, and months pass seldom, so that stories get somewhere. */
const version = fc.oneof({ weight: 4, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: fc.nat(4) });
const commentText = maybe(fc.constantFrom('', 'noise', 'drill'));
const asked = fc.oneof(
  fc.record({
    type: fc.constant('signal.set_state'),
    state,
    archiveReason: maybe(reason),
    archiveComment: commentText,
    version,
  }),
  fc.record({ type: fc.constant('signal.assign'), assignee, version }),
  fc.record({ type: fc.constant('signal.set_incidents'), incidentIds, version }),
  fc.record({
    type: fc.constant('signal.update'),
    state: maybe(state),
    assignee: maybe(assignee),
    incidentIds: maybe(incidentIds),
    archiveReason: maybe(reason),
    archiveComment: commentText,
    version,
  }),
  fc.record({ type: fc.constant('signal.comment') }),
);
type Asked = { readonly type: string } & Partial<{
  state: string;
  archiveReason: string;
  archiveComment: string;
  assignee: string;
  incidentIds: number[];
  version: number;
}>;
interface Policy {
  readonly lifecycle: string;
  readonly lock: string;
}
type Move =
  | {
      readonly kind: 'command';
      readonly passes: number;
      readonly on: number;
      readonly again: number;
      readonly asked: Asked;
    }
  | { readonly kind: 'policy'; readonly policy: Policy };
const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({
      kind: fc.constant('command' as const),
      passes: fc.oneof(
        { weight: 6, arbitrary: fc.constantFrom(0, 1, 1000) },
        { weight: 1, arbitrary: fc.constantFrom(dayMs - 1, dayMs, 14 * dayMs, 30 * dayMs) },
      ),
      on: fc.constantFrom(0, 0, 0, 1, 1, 2),
      /** 0: a new command; n: the n-th last one once more. */
      again: fc.constantFrom(0, 0, 0, 1, 2, 3),
      asked: asked as fc.Arbitrary<Asked>,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('policy' as const),
      policy: fc.record({
        lifecycle: fc.constantFrom('documented', 'any'),
        lock: fc.constantFrom('all', 'reopen-only'),
      }),
    }),
  },
);

/** What is written to the log, and what the model says of it. */
class Story {
  readonly entries: Entry[] = [];
  readonly expected: object[] = [];
  readonly #signals = new Map<number, Model>();
  readonly #sent: { on: number; id: string; at: number; asked: Asked; answer: object }[] = [];
  #policy: Policy = { lifecycle: 'documented', lock: 'all' };
  #now = start;
  #configured = 0;

  constructor() {
    for (const uuid of users) this.#configure('user', { uuid, handle: uuid, name: uuid });
  }

  tell(move: Move): void {
    if (move.kind === 'policy') {
      this.#policy = move.policy;
      this.#configure('settings', { ...move.policy });
      return;
    }
    this.#now += move.passes;
    const old = move.again > 0 ? this.#sent.at(-move.again) : undefined;
    const { on, asked, id } = old ?? { on: move.on, asked: move.asked, id: `c${this.#sent.length}` };
    this.#write(on, id, asked);
    if (old && this.#now < old.at + dayMs) this.expected.push({ ...old.answer, again: true });
    else {
      const answer = this.#answer(on, asked);
      this.expected.push({ ...answer, again: false });
      if (old) Object.assign(old, { at: this.#now, answer });
      else this.#sent.push({ on, id, at: this.#now, asked, answer });
    }
  }

  #answer(on: number, asked: Asked): object {
    if (on === 2) return { code: 'signal_not_found' };
    const model = this.#signals.get(on) ?? {
      state: 'open',
      reason: 'none',
      comment: '',
      who: '',
      incidents: [],
      version: 0,
    };
    const next = asked.type === 'signal.comment' ? model : judged(model, asked, this.#policy, this.#now - start);
    if (typeof next === 'string') return { code: next, was: model };
    this.#signals.set(on, next);
    return asked.type === 'signal.comment' ? { commented: true } : { is: next };
  }

  #write(on: number, commandId: string, { type, version, ...rest }: Asked): void {
    const data =
      type === 'signal.comment'
        ? { text: 'hm' }
        : { ...rest, ...(version !== undefined && { expectedVersion: version }) };
    const given = Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined));
    const by = {
      commandId,
      actor: { type: 'USER', id: 'admin', name: 'Admin' },
      authMethod: 'TOKEN',
      acceptedAt: this.#now,
    } as const;
    const command = { type, org: 'main', subject: subjects[on] ?? '', data: given, by };
    this.#record('commands', testCommandKeys.sign(command));
  }

  #configure(kind: ConfigKind, written: object): void {
    const value = configKinds[kind].shape.parse(written) as Json;
    const id = kind === 'user' ? String((written as { uuid: string }).uuid) : 'settings';
    const data = { kind, id, name: id, version: 1, value, previous: null };
    this.#record('config', configCreated.make({ id, org: 'main', subject: id, at: start, data }), this.#configured++);
  }

  #record(topic: TopicName, value: unknown, seq?: number): void {
    const offset = this.entries.length;
    const common = { topic, partition: 0, offset, key: '', value, recordedAt: this.#now };
    this.entries.push({ kind: 'record', record: seq === undefined ? common : { ...common, seq } });
  }
}

interface Model {
  readonly state: string;
  readonly reason: string;
  readonly comment: string;
  readonly who: string;
  readonly incidents: readonly number[];
  readonly version: number;
}

function judged(model: Model, asked: Asked, policy: Policy, age: number): Model | string {
  const to = asked.state ?? model.state;
  if (age > 30 * dayMs) if (policy.lock === 'all' || (model.state === 'archived' && to !== 'archived')) return 'locked';
  if (asked.version !== undefined && asked.version !== model.version) return 'version_conflict';
  if (model.state === 'archived' && to === 'under_review' && policy.lifecycle === 'documented')
    return 'invalid_transition';
  const describes =
    (asked.archiveReason !== undefined && asked.archiveReason !== 'none') || Boolean(asked.archiveComment);
  if (describes && to !== 'archived') return 'invalid_command';
  const { type: _, version: __, ...named } = asked;
  if (Object.values(named).every((value) => value === undefined)) return 'invalid_command';
  if (asked.assignee === stranger) return 'unknown_user';
  return {
    state: to,
    reason: to === 'archived' ? (asked.archiveReason ?? model.reason) : 'none',
    comment: to === 'archived' ? (asked.archiveComment ?? model.comment) : '',
    who: asked.assignee === 'me' ? 'admin' : (asked.assignee ?? model.who),
    incidents: asked.incidentIds ?? model.incidents,
    version: model.version + 1,
  };
}

interface Block {
  readonly state: string;
  readonly archiveReason: string;
  readonly archiveComment?: string;
  readonly assignee?: { readonly uuid: string };
  readonly incidentIds: readonly number[];
  readonly version: number;
}
const modelOf = (block: Block): Model => ({
  state: block.state,
  reason: block.archiveReason,
  comment: block.archiveComment ?? '',
  who: block.assignee?.uuid ?? '',
  incidents: block.incidentIds,
  version: block.version,
});

function seen({ type, data }: Event): object {
  const { code, current, after, repeats, command } = data as {
    code?: string;
    current?: Block;
    after?: Block;
    repeats?: string;
    command?: string;
  };
  const again = type === 'command.repeated' || repeats !== undefined;
  if (code !== undefined) return { code, ...(current && { was: modelOf(current) }), again };
  if (type === 'signal.commented' || command === 'signal.comment') return { commented: true, again };
  return { is: after && modelOf(after), again };
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
const run = (entries: readonly Entry[]) =>
  fold([triageProcessor({ signalIds, commands: testCommandKeys, partitions: 1 }) as AnyProcessor], 0, entries);

test('random commands come out as the description says, and a replay writes the same bytes', () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40, size: 'max' }), (moves) => {
      const story = new Story();
      for (const one of moves) story.tell(one);
      const entries = frozen(story.entries);
      const folded = run(entries);
      expect(folded.out.map(({ value }) => seen(value as Event))).toEqual(story.expected);
      expect(JSON.stringify(run(entries).out)).toBe(JSON.stringify(folded.out));
      const ids = folded.out.map(({ value }) => (value as Event).id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(ids.filter((id) => id.includes(':') || /^\d*$/.test(id))).toEqual([]);
    }),
    { numRuns: 200 },
  );
});
