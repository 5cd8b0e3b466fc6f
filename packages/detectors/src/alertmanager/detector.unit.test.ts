import type { JsonObject } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { read } from '../../test/samples.ts';

const start = '2026-03-14T09:00:00Z';
const post = (...alerts: readonly JsonObject[]): string =>
  JSON.stringify({ version: '4', receiver: 'tocsin', groupLabels: {}, alerts });
const detectionsOf = (body: string) => read('alertmanager', body).detections;
const labelled = (labels: JsonObject): JsonObject => ({
  labels: { alertname: 'Down', ...labels },
  annotations: {},
  startsAt: start,
});

describe('an alert that is resolved', () => {
  const labels = fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), fc.string({ maxLength: 300 }), { maxKeys: 20 });

  it('has the rule, group values and time of the same alert when it fired', () => {
    fc.assert(
      fc.property(labels, fc.stringMatching(/^[0-9a-f]{16}$/), (own, fingerprint) => {
        const alert = { ...labelled(own), fingerprint };
        const [fired] = detectionsOf(post({ ...alert, status: 'firing', endsAt: '0001-01-01T00:00:00Z' }));
        const [resolved] = detectionsOf(post({ ...alert, status: 'resolved', endsAt: '2026-03-14T15:00:00Z' }));
        expect(resolved?.sourceStatus).toBe('resolved');
        expect(fired?.sourceStatus).toBe('active');
        expect(resolved?.rule).toEqual(fired?.rule);
        expect(resolved?.groupBy).toEqual(fired?.groupBy);
        expect(resolved?.occurredAt).toBe(fired?.occurredAt);
        expect(resolved?.id).not.toBe(fired?.id);
      }),
    );
  });
});

describe('the end of an alert without a status', () => {
  it.each([
    ['0001-01-01T00:00:00Z', 'active'],
    ['2026-03-14T10:00:00Z', 'resolved'],
    ['2026-03-16T10:00:00Z', 'active'],
    ['soon', 'active'],
    [undefined, 'active'],
  ])('%s means %s', (endsAt, status) => {
    const [lone] = detectionsOf(JSON.stringify({ ...labelled({}), ...(endsAt && { endsAt }) }));
    expect(lone?.sourceStatus).toBe(status);
  });
});

describe('a group', () => {
  it('gives one detection an alert, and an unchanged one is the same when the group is sent again', () => {
    const [a, b] = [labelled({ pod: 'a' }), labelled({ pod: 'b' })];
    const first = detectionsOf(post(a));
    const again = detectionsOf(post(a, b));
    expect(again).toHaveLength(2);
    expect(again[0]?.id).toBe(first[0]?.id);
    expect(again[1]?.id).not.toBe(first[0]?.id);
  });

  it('loses no alert, however broken', () => {
    const body = JSON.stringify({ version: '4', receiver: 'r', groupLabels: {}, alerts: [null, 7, {}, labelled({})] });
    expect(detectionsOf(body)).toHaveLength(4);
  });
});

describe('severity', () => {
  it.each([
    ['critical', 'critical'],
    ['page', 'critical'],
    ['P1', 'critical'],
    ['error', 'high'],
    ['warning', 'medium'],
    ['none', 'info'],
  ])('%s is %s', (severity, expected) => {
    expect(detectionsOf(post(labelled({ severity })))[0]).toMatchObject({ severity: expected, flags: [] });
  });

  it('is assumed for other words', () =>
    expect(detectionsOf(post(labelled({ severity: 'constructor' })))[0]).toMatchObject({
      severity: 'medium',
      flags: ['severity_assumed'],
    }));
});
