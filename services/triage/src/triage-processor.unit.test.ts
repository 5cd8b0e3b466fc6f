import {
  type AnyProcessor,
  type Command,
  commandDefinitions,
  commandOutcomeOf,
  configCreated,
  day,
  type Entry,
  type Event,
  type Folded,
  fold,
  type Json,
  type Recorded,
  SignalIds,
  type SignalView,
  settingsObject,
  shapeOf,
  signalStateChanged,
} from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import { describe, expect, test } from 'vitest';
import { triageProcessor } from './triage-processor.ts';

const createdAt = Date.UTC(2026, 0, 1);
const signalIds = new SignalIds({ digest: nodeDigest, secret: new Uint8Array(32).fill(7) });
const signal = signalIds.make({ shard: 5, createdAt, org: 'main', cause: 'one' });
const other = signalIds.make({ shard: 5, createdAt, org: 'main', cause: 'two' });
const processor = triageProcessor({ signalIds });

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
    const value: Command = {
      type,
      org,
      subject,
      data: data ?? { state: 'archived' },
      by: {
        commandId: id ?? `c${offset}`,
        actor: { type: 'USER', id: 'admin', name: 'Admin' },
        authMethod: 'TOKEN',
        acceptedAt: createdAt,
      },
    };
    return recordOf({ value, offset, recordedAt: at ?? createdAt + 1000 + offset });
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
        acceptedAt: createdAt,
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
