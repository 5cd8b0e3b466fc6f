import {
  type AnyProcessor,
  CommandKeys,
  type ConfigCommand,
  type ConfigKind,
  type Configuration,
  type ConfigRequest,
  configAppend,
  configRejected,
  configTable,
  day,
  type Entry,
  type Event,
  eventDefinitions,
  fold,
  type JsonObject,
  type Origin,
  type Recorded,
  type SignedCommand,
  shapeOf,
} from '@tocsin/core';
import { testCommandKeys } from '@tocsin/conformance';
import { nodeDigest } from '@tocsin/runtime';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { controlProcessor } from './control-processor.ts';

const put = (kind: ConfigKind, id: string, value: JsonObject, expectedVersion?: number): ConfigRequest => ({
  type: 'config.put',
  data: { kind, id, value, ...(expectedVersion !== undefined && { expectedVersion }) },
});
const remove = (kind: ConfigKind, id: string): ConfigRequest => ({ type: 'config.remove', data: { kind, id } });
const sink = (handle: string, rest: JsonObject = {}) => put('sink', handle, { handle, type: 'console', ...rest });
const rule = (id: string, name: string, ...targets: string[]) =>
  put('notification_rule', id, { id, name, targets: targets.length > 0 ? targets : ['@console'] });
const workflow = (rest: JsonObject = {}) =>
  put('workflow', 'contain', { handle: 'contain', url: 'https://a.example/', security_trigger: true, ...rest });
const user = (uuid: string, handle: string) => put('user', uuid, { uuid, handle, name: handle });
const uuids = ['6f9619ff-8b86-4d01-b42d-00cf4fc964ff', '6f9619ff-8b86-4d01-b42d-00cf4fc964f0'] as const;

const processor = controlProcessor({ commands: testCommandKeys }) as AnyProcessor;

interface Sent {
  readonly request: ConfigRequest;
  readonly commandId?: string;
  readonly at?: number;
}
const entryOf = ({ request, commandId, at }: Sent, offset: number): Entry => {
  const recordedAt = at ?? 1000 + offset;
  const by: Origin = {
    commandId: commandId ?? `c${offset}`,
    actor: { type: 'SYSTEM', id: 'rules-file', name: 'rules.yaml' },
    authMethod: 'SYSTEM',
    acceptedAt: recordedAt,
  };
  const { topic, key, value } = configAppend(request, { by, signer: testCommandKeys });
  return { kind: 'record', record: { topic, partition: 0, offset, key, value, recordedAt } };
};
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    for (const inner of Object.values(value)) frozen(inner);
  }
  return value;
}
const run = (sent: readonly Sent[]) => fold([processor], 0, frozen(sent.map(entryOf)));
const eventsOf = ({ out }: ReturnType<typeof run>) => out.map(({ value }) => value as Event);
const send = (...requests: readonly ConfigRequest[]) => eventsOf(run(requests.map((request) => ({ request }))));
const last = (...requests: readonly ConfigRequest[]) => send(...requests).at(-1);

function configurationOf(folded: ReturnType<typeof run>): Configuration {
  return folded.out.reduce(
    (configuration, { recordedAt, seq, ...draft }) =>
      configTable.apply(configuration, { ...draft, partition: 0, offset: seq, seq, recordedAt } satisfies Recorded),
    configTable.initial,
  );
}

test('an object is created, modified, confirmed and deleted, each told with both values', () => {
  const events = send(sink('a'), sink('a', { enabled: false }), sink('a', { enabled: false }), remove('sink', 'a'));
  const on = { handle: 'a', type: 'console', config: {}, enabled: true };
  const off = { ...on, enabled: false };
  const about = { kind: 'sink', id: 'a', name: '@a' };
  expect(events.map(({ type, id, data }) => ({ type, id, data }))).toEqual([
    { type: 'config.created', id: 'sink-a-v1', data: { ...about, version: 1, value: on, previous: null } },
    { type: 'config.modified', id: 'sink-a-v2', data: { ...about, version: 2, value: off, previous: on } },
    { type: 'config.confirmed', id: 'c2-p0-2', data: { ...about, version: 2 } },
    { type: 'config.deleted', id: 'sink-a-v3', data: { ...about, version: 3, value: null, previous: off } },
  ]);
  expect(events[0]).toMatchObject({
    org: 'main',
    subject: 'a',
    at: 1000,
    by: { commandId: 'c0' },
    cause: { topic: 'config-commands', partition: 0, offset: 0 },
  });
});

test('what comes back goes on counting its versions, so that no event id is used twice', () => {
  expect(last(sink('a'), remove('sink', 'a'), sink('a'))).toMatchObject({
    type: 'config.created',
    id: 'sink-a-v3',
    data: { version: 3, previous: null },
  });
});

test('commands hold what people write, events what it means', () => {
  expect(last(put('settings', 'settings', { deduplicate_for: '5m', allowed_lateness: 90 }))).toMatchObject({
    data: { value: { deduplicate_for: 300_000, allowed_lateness: 90_000, lifecycle: 'documented', lock: 'all' } },
  });
});

describe('refused', () => {
  const cases: readonly [string, readonly ConfigRequest[], string, string][] = [
    ['a bad value', [sink('a', { type: 5 })], 'invalid', 'type: Invalid input'],
    ['an unknown key', [sink('a', { typo: 1 })], 'invalid', 'value: Unrecognized key: "typo"'],
    ['another id than the value has', [put('sink', 'b', { handle: 'a', type: 'console' })], 'invalid', 'about a, the'],
    ['a sink that looks like a workflow', [sink('workflow-x')], 'invalid', 'belong to workflows'],
    ['more than an event holds', [sink('a', { config: { x: 'x'.repeat(25_000) } })], 'invalid', 'longer than 24 KiB'],
    ['removing what is not there', [remove('user', 'x')], 'not_found', 'there is no user x'],
    ['removing twice', [sink('a'), remove('sink', 'a'), remove('sink', 'a')], 'not_found', 'there is no sink a'],
    [
      'a name of another rule',
      [sink('console'), rule('r1', 'R'), rule('r2', 'R')],
      'name_taken',
      'r1 is already called R',
    ],
    ['a handle of another user', [user(uuids[0], 'anna'), user(uuids[1], 'anna')], 'name_taken', 'already called anna'],
    ['a sink that is needed', [sink('console'), rule('r', 'R'), remove('sink', 'console')], 'in_use', 'notified by R'],
    [
      'a workflow that is needed',
      [workflow(), rule('r', 'R', '@workflow-contain()'), remove('workflow', 'contain')],
      'in_use',
      'notified by R',
    ],
    ['a target that is not there', [rule('r', 'R')], 'invalid', 'target @console: there is no sink console'],
    ['a target that nobody can read', [rule('r', 'R', 'console')], 'invalid', 'begins with @'],
    [
      'a workflow without trigger',
      [workflow({ security_trigger: false }), rule('r', 'R', '@workflow-contain')],
      'invalid',
      'no security trigger',
    ],
    [
      'arguments that do not fit',
      [workflow(), rule('r', 'R', '@workflow-contain(x=1)')],
      'invalid',
      'has no input "x"',
    ],
    [
      'a stale version',
      [sink('a'), put('sink', 'a', { handle: 'a', type: 'x' }, 7)],
      'version_conflict',
      'at version 1',
    ],
    [
      'something that shall be new',
      [sink('a'), put('sink', 'a', { handle: 'a', type: 'x' }, 0)],
      'version_conflict',
      'you saw 0',
    ],
  ];
  test.each(cases)('%s', (_, requests, code, message) => {
    const event = last(...requests);
    expect(event).toMatchObject({ type: 'config.rejected', data: { code, message: expect.stringContaining(message) } });
  });
});

test('a name and a target are free again once nobody has them', () => {
  const types = send(
    sink('console'),
    sink('other'),
    rule('r1', 'R'),
    rule('r1', 'S', '@other'),
    remove('sink', 'console'),
    rule('r2', 'R', '@other'),
    remove('notification_rule', 'r1'),
    rule('r3', 'S', '@other'),
  ).map(({ type }) => type);
  expect(types).not.toContain('config.rejected');
});

describe('a repeated command id', () => {
  test('is answered with its first outcome for a day', () => {
    const events = eventsOf(
      run([
        { request: sink('a'), commandId: 'k' },
        { request: remove('sink', 'a') },
        { request: sink('a'), commandId: 'k' },
        { request: remove('sink', 'b'), commandId: 'no' },
        { request: remove('sink', 'b'), commandId: 'no' },
        { request: sink('a'), commandId: 'k', at: 1000 + day },
      ]),
    );
    expect(events.map(({ type, id }) => [type, id])).toEqual([
      ['config.created', 'sink-a-v1'],
      ['config.deleted', 'sink-a-v2'],
      ['config.confirmed', 'k-p0-2'],
      ['config.rejected', 'no-p0-3'],
      ['config.rejected', 'no-p0-4'],
      ['config.created', 'sink-a-v3'],
    ]);
    expect(events[2]?.data).toMatchObject({ version: 1, repeats: 'sink-a-v1' });
    expect(events[4]?.data).toEqual({ ...(events[3]?.data as object), repeats: 'no-p0-3' });
  });
});

describe('what no door of ours has accepted, or long ago', () => {
  const first = entryOf({ request: sink('a'), commandId: 'k' }, 0);
  const genuine = (first.kind === 'record' ? first.record.value : {}) as SignedCommand<ConfigCommand>;
  const strangers = new CommandKeys({ digest: nodeDigest, secrets: [new Uint8Array(32).fill(9)] });
  const soon = genuine.by.acceptedAt;
  const late = soon + 61_000;
  const at = (value: unknown, offset = 0, recordedAt = soon): Entry =>
    frozen({
      kind: 'record',
      record: { topic: 'config-commands', partition: 0, offset, key: 'sink/a', value, recordedAt } satisfies Recorded,
    });
  const folded = (...entries: readonly Entry[]) => fold([processor], 0, entries);

  test.each<[string, unknown, string]>([
    ['no signature', { ...genuine, signature: undefined }, 'unsigned'],
    ['an unknown key', strangers.sign<ConfigCommand>(genuine), 'unknown_key'],
    ['another actor', { ...genuine, by: { ...genuine.by, authMethod: 'TOKEN' } }, 'bad_signature'],
    ['another value', { ...genuine, data: sink('a', { enabled: false }).data }, 'bad_signature'],
    ['another expected version', { ...genuine, data: { ...genuine.data, expectedVersion: 0 } }, 'bad_signature'],
    ['another command id', { ...genuine, by: { ...genuine.by, commandId: 'k2' } }, 'bad_signature'],
    ['another request', { ...genuine, ...remove('sink', 'a') }, 'bad_signature'],
  ])('%s: refused, on record as a claim, nothing kept', (_, value, code) => {
    const { out, states } = folded(at(value));
    const [event] = out.map((draft) => draft.value as Event);
    expect(out).toHaveLength(1);
    expect(event).toMatchObject({ type: 'config.rejected', data: { code, claimed: (value as ConfigCommand).by } });
    expect(event).not.toHaveProperty('by');
    expect(shapeOf(configRejected.fields).parse(event?.data)).toEqual(event?.data);
    expect(states.get('control')?.size).toBe(0);
  });

  test('a stale decision: refused in the name of who made it, nothing kept', () => {
    const { out, states } = folded(at(genuine, 0, late));
    expect(out).toMatchObject([
      { value: { type: 'config.rejected', data: { code: 'stale_decision' }, by: genuine.by } },
    ]);
    expect(states.get('control')?.size).toBe(0);
  });

  test('a forged command changes nothing, and does not stand in the way of the one whose id it bears', () => {
    const events = folded(
      at(genuine),
      at({ ...genuine, ...remove('sink', 'a') }, 1),
      at(genuine, 2),
      at(genuine, 3, late),
    ).out.map(({ value }) => (value as Event).type);
    expect(events).toEqual(['config.created', 'config.rejected', 'config.confirmed', 'config.rejected']);
  });
});

test.each([[null], [{ type: 'config.put' }], [{ ...entryOf({ request: sink('a') }, 0), type: 'config.erase' }]])(
  'a record that is no command goes to the dead letters: %j',
  (value) => {
    const record: Recorded = { topic: 'config-commands', partition: 0, offset: 0, key: '', value, recordedAt: 1 };
    expect(fold([processor], 0, [{ kind: 'record', record }]).out).toMatchObject([{ topic: 'control.dead' }]);
  },
);

const handles = fc.constantFrom('a', 'b', 'c');
const anyRequest: fc.Arbitrary<ConfigRequest> = fc.oneof(
  fc.tuple(handles, fc.boolean()).map(([handle, enabled]) => sink(handle, { enabled })),
  fc.tuple(handles, fc.constantFrom('X', 'Y'), handles).map(([id, name, target]) => rule(id, name, `@${target}`)),
  fc.tuple(fc.constantFrom<ConfigKind>('sink', 'notification_rule'), handles).map(([kind, id]) => remove(kind, id)),
);

test('whatever is asked: one answer each, within its shape; unique names; targets that exist; the same bytes again', () => {
  const shapes = new Map<string, ReturnType<typeof shapeOf>>(
    eventDefinitions.map((definition) => [definition.type, shapeOf(definition.fields)]),
  );
  fc.assert(
    fc.property(fc.array(anyRequest, { maxLength: 30, size: 'max' }), (requests) => {
      const sent = requests.map((request) => ({ request }));
      const folded = run(sent);
      const events = eventsOf(folded);
      expect(events.map(({ by }) => by?.commandId)).toEqual(requests.map((_, offset) => `c${offset}`));
      for (const { type, data } of events) expect(shapes.get(type)?.parse(data)).toEqual(data);
      expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
      const { notification_rule: rules, sink: sinks } = configurationOf(folded);
      const names = [...rules.values()].map(({ value }) => value.name);
      expect(new Set(names).size).toBe(names.length);
      for (const { value } of rules.values())
        for (const target of value.targets) expect(sinks.has(target.slice(1))).toBe(true);
      expect(JSON.stringify(run(sent).out)).toBe(JSON.stringify(folded.out));
    }),
    { numRuns: 150 },
  );
});
