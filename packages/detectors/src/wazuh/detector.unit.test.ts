import { isJsonObject, type Json, type JsonObject } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { read } from '../../test/samples.ts';

const alertOf = (rule: JsonObject, rest: JsonObject = {}): JsonObject => ({
  timestamp: '2026-03-14T09:15:26.535+0000',
  agent: { id: '014', name: 'bastion-1' },
  id: '1.1',
  rule: { id: '5712', description: 'Too many logins', ...rule },
  ...rest,
});
const detectionOf = (line: JsonObject) => read('wazuh', JSON.stringify(line)).detections[0];

describe('severity', () => {
  const bands = [...Array(17).keys()].map(
    (level) => [level, level >= 15 ? 'critical' : level >= 12 ? 'high' : level >= 7 ? 'medium' : 'low'] as const,
  );
  it.each(bands)('of level %i is %s', (level, severity) => {
    expect(detectionOf(alertOf({ level }))).toMatchObject({ severity, flags: [] });
    expect(detectionOf(alertOf({ level: String(level) }))).toMatchObject({ severity, flags: [] });
  });

  it.each([
    ['informational', 'info'],
    ['low', 'low'],
    ['critical', 'critical'],
  ])('of the word %s is %s', (level, severity) => expect(detectionOf(alertOf({ level }))?.severity).toBe(severity));

  it('is assumed without a level', () => expect(detectionOf(alertOf({}))?.flags).toEqual(['severity_assumed']));
});

/** What Graylog does to an alert: one level, lists joined. */
function flattened(value: Json, path = ''): JsonObject {
  if (!isJsonObject(value)) return { [path]: Array.isArray(value) ? value.join(', ') : value };
  return Object.assign(
    {},
    ...Object.entries(value).map(([key, item]) => flattened(item, path ? `${path}_${key}` : key)),
  );
}

describe('the wrappings of one alert', () => {
  const alert = alertOf(
    {
      level: 10,
      groups: ['syslog', 'sshd'],
      mitre: { id: ['T1110', 'T1078'], tactic: ['Credential Access'], technique: ['Brute Force', 'Valid Accounts'] },
    },
    { data: { srcip: '203.0.113.77', dstuser: 'root' }, full_log: 'Failed password' },
  );
  const essence = (line: JsonObject) => {
    const { rule, severity, title, message, groupBy, entities, tags, sourceId, occurredAt } = detectionOf(line) ?? {};
    return { rule, severity, title, message, groupBy, entities, tags, sourceId, occurredAt };
  };

  it.each([
    ['an indexer hit', { _index: 'wazuh-alerts-4.x-2026.03.14', _id: 'x', _source: alert }],
    ['an active response', { version: 1, command: 'add', parameters: { alert } }],
    ['Graylog', flattened(alert)],
  ])('%s gives the same', (_, line) => expect(essence(line as JsonObject)).toEqual(essence(alert)));

  it('names tactics and techniques with their ids', () =>
    expect(detectionOf(alert)?.tags).toEqual([
      'tactic:ta0006-credential-access',
      'technique:t1110-brute-force',
      'technique:t1078-valid-accounts',
      'syslog',
      'sshd',
    ]));
});

describe('the host', () => {
  it('is the sender of what comes by syslog', () =>
    expect(
      detectionOf(alertOf({}, { agent: { id: '000', name: 'manager' }, predecoder: { hostname: 'fw-edge' } }))?.groupBy,
    ).toEqual([{ path: 'host', value: 'fw-edge' }]));

  it('is the agent otherwise', () =>
    expect(detectionOf(alertOf({}, { predecoder: { hostname: 'elsewhere' } }))?.groupBy).toEqual([
      { path: 'host', value: 'bastion-1' },
    ]));
});

describe('the client', () => {
  it.each([
    ['198.51.100.9:51522', '198.51.100.9'],
    ['[2001:db8::9]:443', '2001:db8::9'],
    ['2001:db8::9', '2001:db8::9'],
    ['cloudtrail.amazonaws.com', undefined],
    ['-', undefined],
  ])('%s is %s', (srcip, ip) => {
    const { network } = detectionOf(alertOf({}, { data: { srcip } }))?.attributes ?? {};
    expect(network).toEqual(ip && { client: { ip } });
  });
});
