import {
  type AnyProcessor,
  type Command,
  commandDefinitions,
  CommandKeys,
  commandOutcomeOf,
  commandRejected,
  configCreated,
  day,
  type Entry,
  type Event,
  type Folded,
  fold,
  type Json,
  type Origin,
  type Recorded,
  SignalIds,
  type SignalView,
  settingsObject,
  shapeOf,
  type SignedCommand,
  signalStateChanged,
} from '@tocsin/core';
import { testCommandKeys } from '@tocsin/conformance';
import { nodeDigest } from '@tocsin/runtime';
import { describe, expect, test } from 'vitest';
import { triageProcessor } from './triage-processor.ts';

const createdAt = Date.UTC(2026, 0, 1);
const signalIds = new SignalIds({ digest: nodeDigest, secret: new Uint8Array(32).fill(7) });
const signal = signalIds.make({ shard: 5, createdAt, org: 'main', cause: 'one' });
const other = signalIds.make({ shard: 5, createdAt, org: 'main', cause: 'two' });
const processor = triageProcessor({ signalIds, commands: testCommandKeys, partitions: 3 });

interface Sent {
  readonly type?: string;
  readonly id?: string;
  readonly subject?: string;
  readonly org?: string;
  readonly at?: number;
  readonly data?: object;
}
function entriesOf(sent: readonly Sent[]): readonly Entry[] {
  return sent.map(({ type = 'signal.set_state', id, subject = signal, org = 'main', at, data }, offset) => {
    const recordedAt = at ?? createdAt + 1000 + offset;
    const value = testCommandKeys.sign<Command>({
      type,
      org,
      subject,
      data: data ?? { state: 'archived' },
      by: {
        commandId: id ?? `c${offset}`,
        actor: { type: 'USER', id: 'admin', name: 'Admin' },
        authMethod: 'TOKEN',
        acceptedAt: recordedAt,
      },
    });
    return recordOf({ value, offset, recordedAt });
  });
}
const recordOf = (record: Pick<Recorded, 'value' | 'offset' | 'recordedAt'>): Entry =>
  frozen({ kind: 'record', record: { topic: 'commands', partition: 2, key: signal, ...record } } satisfies Entry);

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
const run = (entries: readonly Entry[]): Folded => fold([processor as AnyProcessor], 2, entries);
const eventsOf = ({ out }: Folded): readonly Event[] => out.map(({ value }) => value as Event);
const send = (...sent: readonly Sent[]): readonly Event[] => eventsOf(run(entriesOf(sent)));

test('a change says who, from which record, with an id made of signal and version', () => {
  const [event] = send({ data: { state: 'under_review' } });
  expect(event).toEqual(
    signalStateChanged.make({
      id: `${signal}-t1`,
      org: 'main',
      subject: signal,
      at: createdAt + 1000,
      data: (event as ReturnType<typeof signalStateChanged.make>).data,
      by: {
        commandId: 'c0',
        actor: { type: 'USER', id: 'admin', name: 'Admin' },
        authMethod: 'TOKEN',
        acceptedAt: createdAt + 1000,
      },
      cause: { topic: 'commands', partition: 2, offset: 0 },
    }),
  );
  expect(event?.data).toMatchObject({ before: { version: 0 }, after: { version: 1 }, configVersion: -1 });
});

test('every event stays within the declared shape of its type', () => {
  const events = send(
    { data: { state: 'archived', archiveReason: 'other', archiveComment: 'x' } },
    { type: 'signal.assign', data: { assignee: 'me' } },
    { type: 'signal.set_incidents', data: { incidentIds: [4, 2] } },
    { type: 'signal.update', data: { state: 'open', assignee: '', incidentIds: [] } },
  );
  expect(events.map(({ type }) => type)).toEqual([
    'signal.state_changed',
    'signal.assigned',
    'signal.incidents_set',
    'signal.triage_updated',
  ]);
  for (const { data } of events) expect(shapeOf(signalStateChanged.fields).parse(data)).toEqual(data);
});

test('each event evolves the view to the block that it tells', () => {
  let view: SignalView | undefined = { triage: { version: 0 } } as unknown as SignalView;
  for (const event of send({}, { type: 'signal.assign', data: { assignee: 'me' } })) {
    view = signalStateChanged.evolve?.(view, event.data as never, event as never);
    expect(view?.triage).toEqual((event.data as { after: Json }).after);
  }
});

describe('refusals', () => {
  const cases: readonly [string, Sent, object][] = [
    ['a forged id', { subject: `${signal.slice(0, -1)}!` }, { code: 'signal_not_found' }],
    ['a changed letter', { subject: changed(signal) }, { code: 'signal_not_found' }],
    ['an id of another organisation', { org: 'other' }, { code: 'signal_not_found' }],
    ['text that is no id', { subject: '../../etc' }, { code: 'signal_not_found' }],
    ['an unknown command', { type: 'signal.delete' }, { code: 'invalid_command', current: { version: 0 } }],
    ['a bad state', { data: { state: 'closed' } }, { code: 'invalid_command' }],
    ['a bad version', { data: { state: 'open', expectedVersion: -1 } }, { code: 'invalid_command' }],
    ['a stale version', { data: { state: 'open', expectedVersion: 3 } }, { code: 'version_conflict' }],
    ['too late', { at: createdAt + 30 * day + 1 }, { code: 'locked' }],
  ];
  test.each(cases)('%s', (_, sent, data) => {
    const events = send(sent);
    expect(events).toMatchObject([{ type: 'command.rejected', subject: sent.subject ?? signal, data }]);
    expect(events[0]?.data).toMatchObject({ asked: sent.data ?? { state: 'archived' } });
    expect(events[0]?.by?.commandId).toBe('c0');
  });

  test('change nothing', () => {
    const events = send(
      { data: { state: 'open', expectedVersion: 3 } },
      { data: { state: 'open', expectedVersion: 0 } },
    );
    expect(events.map(({ type }) => type)).toEqual(['command.rejected', 'signal.state_changed']);
  });

  test('what is too long to keep is left out', () => {
    const [event] = send({ data: { state: 'x'.repeat(9000) } });
    expect(event?.data).not.toHaveProperty('asked');
  });
});

test('one millisecond earlier it was possible', () => {
  expect(send({ at: createdAt + 30 * day })).toMatchObject([{ type: 'signal.state_changed' }]);
});

test('a comment has an id of its own, no version, and is possible at any age', () => {
  const events = send({ type: 'signal.comment', data: { text: 'seen' }, at: createdAt + 99 * day, id: 'a:b' });
  expect(events).toMatchObject([
    { type: 'signal.commented', id: 'a~3a~b-p2-0', data: { commentId: 'a:b', text: 'seen', configVersion: -1 } },
  ]);
});

describe('a repeated command id', () => {
  test('is answered with the block of the first time, and nothing happens', () => {
    const events = send({ id: 'k' }, { data: { state: 'open' } }, { id: 'k' });
    expect(events.map(({ type, id }) => [type, id])).toEqual([
      ['signal.state_changed', `${signal}-t1`],
      ['signal.state_changed', `${signal}-t2`],
      ['command.repeated', 'k-p2-2'],
    ]);
    const [first, , again] = events.map(commandOutcomeOf);
    expect(again).toEqual({ ...first, repeated: true });
  });

  test('is refused as it was the first time, even when it would succeed now', () => {
    const once: Sent = { id: 'k', data: { state: 'open', expectedVersion: 1 } };
    const events = send(once, {}, once, once);
    expect(events.map(({ type, id }) => [type, id])).toEqual([
      ['command.rejected', 'k-p2-0'],
      ['signal.state_changed', `${signal}-t1`],
      ['command.rejected', 'k-p2-2'],
      ['command.rejected', 'k-p2-3'],
    ]);
    expect(events[3]?.data).toEqual({ ...(events[0]?.data as object), repeats: 'k-p2-0' });
  });

  test('with another content is a mistake', () => {
    const events = send({ id: 'k' }, { id: 'k', data: { state: 'open' } });
    expect(events[1]).toMatchObject({
      type: 'command.rejected',
      data: { code: 'invalid_command', message: 'command id k was already used for another command on this signal' },
    });
  });

  test('on another signal is another command', () => {
    expect(send({ id: 'k' }, { id: 'k', subject: other })).toMatchObject([{ subject: signal }, { subject: other }]);
    expect(send({ id: 'k' }, { id: 'k', subject: other }).map(({ type }) => type)).not.toContain('command.repeated');
  });

  test.each([
    [-1, 'command.repeated'],
    [0, 'signal.state_changed'],
  ])('is remembered for 24 hours: %i ms', (late, type) => {
    const events = send({ id: 'k', at: createdAt + 1 }, { id: 'k', at: createdAt + 1 + day + late });
    expect(events[1]?.type).toBe(type);
  });

  test('is forgotten, the signal is not', () => {
    const { states } = run([...entriesOf([{}, { subject: 'x' }]), { kind: 'idle', until: createdAt + 2 * day }]);
    expect([...(states.get('triage')?.keys() ?? [])]).toEqual([`signal/main/${signal}`]);
  });
});

describe('what no door of ours has accepted, or long ago', () => {
  const [first] = entriesOf([{ id: 'k' }]);
  const genuine = (first?.kind === 'record' ? first.record.value : {}) as SignedCommand;
  const strangers = new CommandKeys({ digest: nodeDigest, secrets: [new Uint8Array(32).fill(9)] });
  const altered = (by: Partial<Origin>): Command => ({ ...genuine, by: { ...genuine.by, ...by } });
  const soon = genuine.by.acceptedAt;
  const late = soon + 61_000;
  const at = (value: unknown, offset = 0, recordedAt = soon): Entry => recordOf({ value, offset, recordedAt });

  test.each<[string, unknown, string]>([
    ['no signature', { ...genuine, signature: undefined }, 'unsigned'],
    ['an unknown key', strangers.sign<Command>(genuine), 'unknown_key'],
    ['another actor', altered({ actor: { type: 'USER', id: 'eve', name: 'Eve' } }), 'bad_signature'],
    ['another state', { ...genuine, data: { state: 'open' } }, 'bad_signature'],
    ['another expected version', { ...genuine, data: { state: 'archived', expectedVersion: 0 } }, 'bad_signature'],
    ['another command id', altered({ commandId: 'k2' }), 'bad_signature'],
    ['another signal', { ...genuine, subject: other }, 'bad_signature'],
  ])('%s: refused, on record as a claim, nothing kept', (_, value, code) => {
    const folded = run([at(value)]);
    const { by, data, subject } = value as Command;
    expect(eventsOf(folded)).toMatchObject([
      { type: 'command.rejected', subject, data: { code, claimed: by, asked: data }, cause: { offset: 0 } },
    ]);
    const [event] = eventsOf(folded);
    expect(event).not.toHaveProperty('by');
    expect(shapeOf(commandRejected.fields).parse(event?.data)).toEqual(event?.data);
    expect(folded.states.get('triage')?.size).toBe(0);
  });

  test('a stale decision: refused in the name of who made it, nothing kept', () => {
    const folded = run([at(genuine, 0, late)]);
    expect(eventsOf(folded)).toMatchObject([
      { type: 'command.rejected', data: { code: 'stale_decision' }, by: genuine.by },
    ]);
    expect(eventsOf(folded)[0]?.data).not.toHaveProperty('claimed');
    expect(folded.states.get('triage')?.size).toBe(0);
  });

  test('a copy in another partition than its signal has: refused, and nobody is accused of it', () => {
    const record = {
      topic: 'commands',
      partition: 1,
      offset: 0,
      key: signal,
      value: genuine,
      recordedAt: soon,
    } as const;
    const folded = fold([processor as AnyProcessor], 1, [{ kind: 'record', record }]);
    expect(eventsOf(folded)).toMatchObject([{ data: { code: 'misplaced', claimed: genuine.by } }]);
    expect(eventsOf(folded)[0]).not.toHaveProperty('by');
    expect(folded.states.get('triage')?.size).toBe(0);
  });

  test('a forged command does not stand in the way of the one whose id it bears', () => {
    const events = eventsOf(run([at({ ...genuine, data: { state: 'open' } }), at(genuine, 1), at(genuine, 2, late)]));
    expect(events.map(({ type }) => type)).toEqual(['command.rejected', 'signal.state_changed', 'command.rejected']);
  });

  test('what a former key signed holds as long as that key is listed', () => {
    const secrets = [2, 9].map((byte) => new Uint8Array(32).fill(byte));
    const rotated = new CommandKeys({ digest: nodeDigest, secrets });
    const list = [triageProcessor({ signalIds, commands: rotated, partitions: 3 }) as AnyProcessor];
    const entries = [at(strangers.sign<Command>(genuine)), at(rotated.sign(altered({ commandId: 'k2' })), 1)];
    expect(eventsOf(fold(list, 2, entries)).map(({ type }) => type)).toEqual([
      'signal.state_changed',
      'signal.state_changed',
    ]);
  });
});

test('configuration is taken as it stood when the command was reached', () => {
  const settings = (seq: number, value: object): Entry =>
    frozen({
      kind: 'record',
      record: {
        topic: 'config',
        partition: 0,
        offset: seq,
        seq,
        key: 'settings/settings',
        recordedAt: createdAt,
        value: configCreated.make({
          id: `c${seq}`,
          org: 'main',
          subject: 'settings',
          at: createdAt,
          data: {
            kind: 'settings',
            id: 'settings',
            name: 'settings',
            version: 1,
            value: settingsObject.parse(value),
            previous: null,
          },
        }),
      },
    });
  const [archive, before, after] = entriesOf([
    {},
    { data: { state: 'under_review' } },
    { data: { state: 'under_review' } },
  ]);
  const entries = [archive, before, settings(0, { lifecycle: 'any' }), after].filter((entry) => entry !== undefined);
  expect(eventsOf(run(entries))).toMatchObject([
    { data: { after: { state: 'archived' } } },
    { data: { code: 'invalid_transition', configVersion: -1 } },
    { data: { after: { state: 'under_review' }, configVersion: 0 } },
  ]);
});

test.each([[null], ['text'], [{}], [{ type: 'signal.comment', org: 'main', subject: signal, data: {} }]])(
  'a record that is no command goes to the dead letters: %j',
  (value) => {
    const { out, states } = run([recordOf({ value, offset: 0, recordedAt: createdAt })]);
    expect(out).toMatchObject([{ topic: 'triage.dead' }]);
    expect(states.get('triage')?.size).toBe(0);
  },
);

test('every command has a case above', () => {
  expect(commandDefinitions.map(({ type }) => type)).toEqual([
    'signal.assign',
    'signal.comment',
    'signal.set_incidents',
    'signal.set_state',
    'signal.update',
  ]);
});

function changed(id: string): string {
  return `${id.slice(0, 10)}${id[10] === 'A' ? 'B' : 'A'}${id.slice(11)}`;
}
