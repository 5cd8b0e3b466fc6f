import type { DetectionDraft, Json } from '@tocsin/core';
import { listAt, textAt, valueAt, without } from '../attribute-reading.ts';
import { subjectOf } from '../subject.ts';

/** Malware Protection for S3 reports every scanned object; only where it found something is that an alert. */
export const isThreatFound = (scan: Json): boolean =>
  textAt(scan, 'scanResultDetails', 'scanResultStatus') === 'THREATS_FOUND';

/** Without GuardDuty itself there is no finding for an infected object, only this result. `line` is the event it came in. */
export function objectScanDraft(line: Json, scan: Json): DetectionDraft {
  const bucket = textAt(scan, 's3ObjectDetails', 'bucketName');
  const key = textAt(scan, 's3ObjectDetails', 'objectKey');
  const threats = listAt(scan, 'scanResultDetails', 'threats').map((threat) => textAt(threat, 'name') ?? 'unnamed');
  const title = `Malware found in the S3 object ${bucket ?? '?'}/${key ?? '?'}`;
  return {
    source: 'guardduty',
    ruleType: 'workload_security',
    rule: { id: 'MalwareProtection:S3/ThreatsFound', name: 'Malware found in an S3 object', tags: [] },
    severity: 'high',
    title,
    message: threats.length > 0 ? `${title}: ${threats.join(', ')}` : title,
    ...subjectOf({
      groupBy: ['cloud.account.id', 'cloud.region', 'cloud.resource.id'],
      entities: ['file.path', 'file.hash'],
      values: {
        'cloud.provider': 'aws',
        'cloud.account.id': textAt(line, 'account'),
        'cloud.region': textAt(line, 'region'),
        'cloud.resource.id': bucket,
        'cloud.resource.type': 'S3Bucket',
        'file.path': key,
        'file.hash': textAt(scan, 's3ObjectDetails', 'eTag'),
      },
      rest: { under: 'guardduty', value: without(scan, 'schemaVersion') },
    }),
    tags: [],
    sourceId: textAt(line, 'id'),
    time: textAt(valueAt(line), 'time'),
  };
}
