import type { JsonObject } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { read } from '../../test/samples.ts';

const finding = (rest: JsonObject = {}): JsonObject => ({
  SchemaVersion: '2018-10-08',
  Id: 'finding/1',
  ProductArn: 'arn:aws:securityhub:eu-west-1::product/aws/securityhub',
  ProductName: 'Security Hub',
  GeneratorId: 'security-control/S3.8',
  AwsAccountId: '111122223333',
  CreatedAt: '2026-03-14T09:00:00Z',
  UpdatedAt: '2026-03-14T09:00:00Z',
  Severity: { Label: 'HIGH' },
  Title: 'Buckets should be private',
  Resources: [{ Type: 'AwsS3Bucket', Id: 'arn:aws:s3:::exports', Region: 'eu-west-1' }],
  RecordState: 'ACTIVE',
  ...rest,
});
const intakeOf = (line: JsonObject) => read('securityhub', JSON.stringify(line));
const detectionOf = (line: JsonObject) => intakeOf(line).detections[0];

describe('severity', () => {
  it.each([
    [{ Label: 'INFORMATIONAL' }, 'info'],
    [{ Label: 'CRITICAL', Normalized: 1 }, 'critical'],
    [{ Normalized: 0 }, 'info'],
    [{ Normalized: 39 }, 'low'],
    [{ Normalized: 40 }, 'medium'],
    [{ Normalized: '70' }, 'high'],
    [{ Normalized: 90 }, 'critical'],
  ])('%j is %s', (Severity, severity) =>
    expect(detectionOf(finding({ Severity }))).toMatchObject({ severity, flags: [] }),
  );
});

describe('status', () => {
  it.each([
    [{}, 'active'],
    [{ UpdatedAt: '2026-03-14T10:00:00Z' }, 'updated'],
    [{ RecordState: 'ARCHIVED' }, 'resolved'],
    [{ Workflow: { Status: 'RESOLVED' } }, 'resolved'],
    [{ Compliance: { Status: 'PASSED' }, ProductFields: { PreviousComplianceStatus: 'FAILED' } }, 'resolved'],
  ])('of %j is %s, in one group', (rest, status) => {
    const detection = detectionOf(finding(rest as JsonObject));
    expect(detection?.sourceStatus).toBe(status);
    expect(detection?.groupBy).toEqual(detectionOf(finding())?.groupBy);
    expect(detection?.rule.id).toBe('security-control/S3.8');
  });

  it('a check that passes and did not fail before is skipped', () =>
    expect([...intakeOf(finding({ Compliance: { Status: 'PASSED' } })).skipped]).toEqual([['passed check', 1]]));
});

describe('the rule', () => {
  const guardduty = { ProductName: 'GuardDuty', GeneratorId: 'arn:aws:guardduty:eu-west-1:111122223333:detector/aa' };

  it.each([
    [{ ...guardduty, Types: ['TTPs/Discovery/Recon:IAMUser-UserPermissions'] }, 'Recon:IAMUser/UserPermissions'],
    [{ ProductName: 'Inspector', GeneratorId: 'AWSInspector', Title: 'CVE-2026-12345 - libexample' }, 'CVE-2026-12345'],
    [{ ProductName: 'Inspector', Vulnerabilities: [{ Id: 'CVE-2026-1' }] }, 'CVE-2026-1'],
    [{ GeneratorId: 'custom-rule' }, 'custom-rule'],
  ])('of %j is %s', (rest, id) => expect(detectionOf(finding(rest))?.rule.id).toBe(id));
});

describe('batches', () => {
  it('give every finding, also inside of EventBridge', () => {
    const findings = [finding(), finding({ Id: 'finding/2' }), finding({ Compliance: { Status: 'PASSED' } })];
    expect(intakeOf({ Findings: findings }).detections).toHaveLength(2);
    const event = {
      'detail-type': 'Security Hub Findings - Imported',
      source: 'aws.securityhub',
      detail: { findings },
    };
    expect(intakeOf(event).detections.map(({ sourceId }) => sourceId)).toEqual(['finding/1', 'finding/2']);
  });

  it('understand OCSF, which the newer Security Hub sends', () => {
    const ocsf = {
      class_uid: 2004,
      category_uid: 2,
      activity_id: 1,
      severity_id: 4,
      metadata: { product: { name: 'GuardDuty' } },
      finding_info: { title: 'A title', uid: 'o-1' },
    };
    expect(
      intakeOf({ 'detail-type': 'Findings Imported V2', detail: { findings: [ocsf] } }).detections[0],
    ).toMatchObject({ title: 'A title', source: 'guardduty' });
  });
});
