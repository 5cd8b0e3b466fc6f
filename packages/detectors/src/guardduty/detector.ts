import type { DetectionDraft, Detector, Json, Mapped } from '@tocsin/core';
import { listAt, objectAt, textAt, valueAt } from '../attribute-reading.ts';
import { isSnsControl, unpacked } from '../securityhub/aws-envelope.ts';
import { mapSecurityHub } from '../securityhub/detector.ts';
import { findingDraft } from './finding-draft.ts';
import { normalised } from './finding-reading.ts';
import { isThreatFound, objectScanDraft } from './object-scan.ts';

const help =
  'Send findings as GuardDuty exports them, the EventBridge event `GuardDuty Finding` by an API destination, or the output of ' +
  '`aws guardduty get-findings`. Findings that come by Security Hub (ASFF) are understood here too.';

/** Native findings, alone, in an EventBridge envelope (also inside of SNS), or as the API lists them. */
export const guardduty: Detector = {
  format: 'guardduty',
  title: 'AWS GuardDuty',
  help,
  claims: (line) => findingsIn(unpacked(line).content)?.some(isFinding) === true,
  map: mapGuardDuty,
};

function mapGuardDuty(line: Json): Mapped {
  if (isSnsControl(line)) return { kind: 'skipped', what: textAt(line, 'Type') ?? 'SNS' };
  const { content, detailType } = unpacked(line);
  const findings = findingsIn(content);
  if (findings?.some(isFinding)) return mapFindings(findings, findings.length === 1 && !isBatch(content));
  if (isThreatFound(content)) return { kind: 'detection', draft: objectScanDraft(line, content) };
  if (detailType?.startsWith('GuardDuty')) return { kind: 'skipped', what: detailType };
  const mapped = mapSecurityHub(line);
  return mapped.kind === 'rejected' ? notThisFormat : mapped;
}

const notThisFormat: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'Neither a GuardDuty finding (`type` with `resource` or `service`) nor one of Security Hub',
};

function mapFindings(findings: readonly Json[], single: boolean): Mapped {
  const drafts = findings.map((finding): DetectionDraft => findingDraft(finding));
  const [first] = drafts;
  return single && first ? { kind: 'detection', draft: first } : { kind: 'detections', drafts };
}

const isBatch = (content: Json): boolean => valueAt(content, 'Findings') !== undefined;

function findingsIn(content: Json): readonly Json[] | undefined {
  if (isBatch(content)) return listAt(content, 'Findings').map(normalised);
  return [normalised(content)];
}

/** `type` is what every finding has; a service or a resource tells it from other JSON with a type. */
const isFinding = (finding: Json): boolean =>
  textAt(finding, 'type') !== undefined &&
  (textAt(finding, 'service', 'serviceName') === 'guardduty' ||
    textAt(finding, 'service', 'detectorId') !== undefined ||
    textAt(finding, 'arn')?.includes(':guardduty:') === true ||
    (objectAt(finding, 'resource') !== undefined && textAt(finding, 'accountId') !== undefined));
