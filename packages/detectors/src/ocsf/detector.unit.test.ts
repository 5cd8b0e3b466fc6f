import type { JsonObject } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { read } from '../../test/samples.ts';

const finding = (rest: JsonObject = {}): JsonObject => ({
  activity_id: 1,
  category_uid: 2,
  class_uid: 2004,
  time: 1_773_479_726_535,
  severity_id: 3,
  metadata: { product: { name: 'Example EDR' } },
  finding_info: { uid: 'f-1', title: 'Something', analytic: { uid: 'a-1', name: 'Something rule' } },
  device: { hostname: 'WS-1' },
  ...rest,
});
const intakeOf = (line: JsonObject) => read('ocsf', JSON.stringify(line));
const detectionOf = (line: JsonObject) => intakeOf(line).detections[0];

describe('severity', () => {
  it.each([
    [{ severity_id: 1 }, 'info'],
    [{ severity_id: 2 }, 'low'],
    [{ severity_id: 3 }, 'medium'],
    [{ severity_id: 4 }, 'high'],
    [{ severity_id: 5 }, 'critical'],
    [{ severity_id: 6 }, 'critical'],
    [{ severity_id: 0, severity: 'Low' }, 'low'],
    [{ severity_id: 99, risk_level_id: 3 }, 'high'],
  ])('of %j is %s', (rest, severity) => expect(detectionOf(finding(rest))).toMatchObject({ severity, flags: [] }));

  it('is assumed where nobody says it', () =>
    expect(detectionOf(finding({ severity_id: 99 }))).toMatchObject({
      severity: 'medium',
      flags: ['severity_assumed'],
    }));
});

describe('status', () => {
  it.each([
    [{}, 'active'],
    [{ activity_id: 2 }, 'updated'],
    [{ activity_id: 3 }, 'resolved'],
    [{ status_id: 4 }, 'resolved'],
    [{ status: 'Archived' }, 'resolved'],
    [{ class_uid: 2005, status_id: 3 }, 'active'],
    [{ class_uid: 2005, status_id: 5 }, 'resolved'],
    [{ class_uid: 2001, status_id: 4 }, 'active'],
    [{ class_uid: 2001, state_id: 4 }, 'resolved'],
  ])('of %j is %s', (rest, status) => expect(detectionOf(finding(rest))?.sourceStatus).toBe(status));

  it('joins the end of a finding to its beginning, though its evidence is gone', () => {
    const opened = detectionOf(
      finding({ evidences: [{ src_endpoint: { ip: '203.0.113.9' }, actor: { user: { name: 'mara' } } }] }),
    );
    const closed = detectionOf(finding({ activity_id: 3 }));
    expect(closed?.rule.id).toBe(opened?.rule.id);
    expect(closed?.groupBy).toEqual(opened?.groupBy);
  });
});

describe('what is a detection', () => {
  it.each([2001, 2002, 2003, 2004, 2005, 2006, 2007, 99_602_001])('class %i is', (class_uid) =>
    expect(intakeOf(finding({ class_uid })).detections).toHaveLength(1),
  );

  it.each([
    [{ class_uid: 4001, class_name: 'Network Activity' }, 'Network Activity'],
    [{ class_uid: 3002 }, 'Authentication'],
    [{ class_uid: 2003, compliance: { status: 'PASSED' } }, 'Compliance Finding: passed'],
    [{ status_code: 'PASS' }, 'Detection Finding: passed'],
  ])('%j is not', (rest, what) => {
    const { detections, skipped } = intakeOf(finding({ category_uid: 4, ...rest } as JsonObject));
    expect(detections).toEqual([]);
    expect([...skipped]).toEqual([[what, 1]]);
  });

  it('an alert of any class is', () =>
    expect(intakeOf(finding({ class_uid: 4001, category_uid: 4, is_alert: true })).detections).toHaveLength(1));
});
