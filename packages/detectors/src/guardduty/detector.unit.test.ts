import type { JsonObject } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { objectsIn, read, samples } from '../../test/samples.ts';

const finding = (rest: JsonObject = {}, service: JsonObject = {}): JsonObject => ({
  schemaVersion: '2.0',
  accountId: '111122223333',
  region: 'eu-west-1',
  id: 'f-1',
  type: 'UnauthorizedAccess:EC2/SSHBruteForce',
  resource: { resourceType: 'Instance', instanceDetails: { instanceId: 'i-1' } },
  service: { serviceName: 'guardduty', archived: false, count: 1, eventLastSeen: '2026-03-14T09:15:26Z', ...service },
  severity: 5,
  title: 'SSH is being guessed',
  createdAt: '2026-03-14T09:20:00Z',
  updatedAt: '2026-03-14T09:20:00Z',
  ...rest,
});
const detectionOf = (line: JsonObject, format = 'guardduty') => read(format, JSON.stringify(line)).detections[0];

describe('severity', () => {
  it.each([
    [0.5, 'info'],
    [1, 'low'],
    [3.9, 'low'],
    [4, 'medium'],
    [6.9, 'medium'],
    [7, 'high'],
    [8.9, 'high'],
    [9, 'critical'],
    ['8.0', 'high'],
    ['HIGH', 'high'],
  ])('%s is %s', (severity, expected) => expect(detectionOf(finding({ severity }))?.severity).toBe(expected));
});

describe('the versions of one finding', () => {
  const first = detectionOf(finding());
  const later = detectionOf(finding({ updatedAt: '2026-03-14T09:50:00Z', severity: 8 }, { count: 9 }));
  const archived = detectionOf(finding({ updatedAt: '2026-03-14T10:00:00Z' }, { count: 9, archived: true }));

  it('say what happens to it', () =>
    expect([first, later, archived].map((version) => version?.sourceStatus)).toEqual([
      'active',
      'updated',
      'resolved',
    ]));

  it('have one rule and one group', () => {
    for (const version of [later, archived]) {
      expect(version?.rule).toEqual(first?.rule);
      expect(version?.groupBy).toEqual(first?.groupBy);
      expect(version?.id).not.toBe(first?.id);
    }
  });
});

describe('time', () => {
  it.each([
    [{ eventLastSeen: '1970-01-01T00:00:00Z' }, '2026-03-14T09:20:00.000Z'],
    [{ eventLastSeen: '0001-01-01T00:00:00Z' }, '2026-03-14T09:20:00.000Z'],
    [{ eventLastSeen: null, eventFirstSeen: '2026-03-14 09:00:00.000000000' }, '2026-03-14T09:00:00.000Z'],
  ])('of %j is %s', (service, time) =>
    expect(new Date(detectionOf(finding({}, service))?.occurredAt ?? 0).toISOString()).toBe(time),
  );
});

describe('other wrappings', () => {
  const upper = (value: unknown): unknown =>
    Array.isArray(value)
      ? value.map(upper)
      : typeof value === 'object' && value !== null
        ? Object.fromEntries(
            Object.entries(value).map(([key, item]) => [key.charAt(0).toUpperCase() + key.slice(1), upper(item)]),
          )
        : value;

  it('the spelling of the API gives the same', () => {
    const { rule, groupBy, severity, sourceId, occurredAt } = detectionOf(finding()) ?? {};
    const line = { Findings: [upper(finding())] } as JsonObject;
    expect(detectionOf(line)).toMatchObject({ rule, groupBy, severity, sourceId, occurredAt });
  });

  it('every finding of Security Hub is understood as there', () => {
    const lines = samples.filter(({ format }) => format === 'securityhub').flatMap(({ body }) => objectsIn(body));
    for (const line of lines) {
      const [here, there] = ['guardduty', 'securityhub'].map((format) => read(format, JSON.stringify(line)));
      expect(here?.detections.map(({ title, rule, groupBy }) => ({ title, rule, groupBy }))).toEqual(
        there?.detections.map(({ title, rule, groupBy }) => ({ title, rule, groupBy })),
      );
      expect(here?.skipped).toEqual(there?.skipped);
    }
  });
});
