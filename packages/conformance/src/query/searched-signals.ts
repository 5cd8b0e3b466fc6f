import {
  type Json,
  type JsonObject,
  ruleTypes,
  severities,
  type SignalView,
  signalStates,
  untriaged,
} from '@tocsin/core';
import fc from 'fast-check';

/** Values that are easily confused: by case, by kind, by wildcards of SQL, by escapes. */
export const texts = [
  'alice',
  'Alice',
  'alice bob',
  'a%b',
  'a_b',
  'axb',
  'a\\b',
  'a*b',
  'x"y',
  "it's",
  '100',
  '100.0',
  '1e2',
  '007',
  '-5',
  '99999999999999999999',
  'true',
  'null',
  '10.1.2.3',
  '192.168.0.7',
  'fe80::1',
  '::ffff:10.9.9.9',
  'Größe',
  'GRÖSSE',
  '😀x',
  'nul\u0000',
  'half\ud83d',
  'prod',
  'staging',
  '*',
  '',
  ' ',
  'a:b',
  '2026-01-31T12:00:00.000Z',
] as const;

/** Paths that signals have now and then. */
export const attributeKeys = [
  'usr.name',
  'n',
  'network.client.ip',
  'list',
  'objects.name',
  'deep.a.b',
  'deep',
  'host',
  'service',
];
/** Some are names of fields, too. */
export const tagKeys = ['env', 'team', 'source', 'service', 'host', 'status', 'tactic'];
/** Words of titles and messages. */
export const words = ['Failed', 'login', 'LOGIN', 'from', 'web-1', '10.1.2.3', 'Größe', 'a_b', 'x', 'root'] as const;

const scalar: fc.Arbitrary<Json> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...texts) },
  { weight: 2, arbitrary: fc.constantFrom(0, -0, 1, 5, 100, -5, 2.5, 1e21, 0.1, 5e-324, 1.7976931348623157e308) },
  { weight: 1, arbitrary: fc.constantFrom(true, false, null) },
);
const some: fc.Arbitrary<Json> = fc.oneof(
  { weight: 4, arbitrary: scalar },
  { weight: 2, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.array(fc.array(scalar, { maxLength: 2 }), { maxLength: 2 }) },
);

const attributes: fc.Arbitrary<JsonObject> = fc.record(
  {
    usr: fc.record({ name: some }),
    'usr.name': scalar,
    n: some,
    network: fc.record({ client: fc.record({ ip: some }) }),
    list: fc.array(scalar, { maxLength: 4 }),
    objects: fc.array(fc.oneof(fc.record({ name: scalar }), scalar), { maxLength: 3 }),
    deep: fc.oneof(fc.record({ a: fc.record({ b: some }) }), fc.constant({}), scalar),
    host: some,
    service: some,
    status: scalar,
    'odd key\u0000': scalar,
  },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;

const tag = fc.oneof(
  fc.tuple(fc.constantFrom(...tagKeys), fc.constantFrom(...texts)).map(([key, value]) => `${key}:${value}`),
  fc.constantFrom('plain', ':odd', '@odd:tag', 'odd:', ''),
);
const sentence = fc.array(fc.constantFrom(...words), { maxLength: 6 }).map((all) => all.join(' '));
const instant = fc.integer({ min: Date.UTC(2026, 0, 30), max: Date.UTC(2026, 1, 2) });
const assignee = { uuid: 'u-1', handle: 'alice', name: 'Alice' };

/** A signal whose values come from small sets, so that random queries find some and miss some. */
export const searchedSignal = (id: string): fc.Arbitrary<SignalView> =>
  fc
    .record({
      attributes,
      tags: fc.array(tag, { maxLength: 4 }),
      title: sentence,
      message: sentence,
      severity: fc.constantFrom(...severities),
      ruleType: fc.constantFrom(...ruleTypes),
      source: fc.constantFrom('falco', 'prod', 'a_b'),
      ruleId: fc.constantFrom('r-1', '100'),
      createdAt: instant,
      lastSeen: instant,
      count: fc.constantFrom(1, 5, 100),
      state: fc.constantFrom(...signalStates),
      assigned: fc.boolean(),
    })
    .map(({ ruleId, state, assigned, lastSeen, ...own }) => ({
      ...own,
      id,
      org: 'main',
      revision: 1,
      firstSeen: lastSeen,
      lastSeen,
      format: 'falco',
      rule: { id: ruleId, name: `Rule ${ruleId}`, tags: [] },
      groupBy: [{ path: 'host', value: 'web-1' }],
      entities: ['host:web-1'],
      flags: [],
      sourceStatus: 'active',
      late: false,
      windows: { keepAlive: 0, maxDuration: 0 },
      samples: [],
      configVersion: 1,
      closed: false,
      comments: [],
      triage: { ...untriaged, state, ...(assigned && { assignee }) },
    }));
