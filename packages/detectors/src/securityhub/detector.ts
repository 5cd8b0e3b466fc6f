import type { DetectionDraft, Detector, Json, Mapped } from '@tocsin/core';
import { listAt, textAt, valueAt } from '../attribute-reading.ts';
import { isOcsf } from '../ocsf/classes.ts';
import { findingDraft as ocsfDraft } from '../ocsf/finding-draft.ts';
import { isPassedCheck as isPassedOcsf } from '../ocsf/finding-status.ts';
import { isSnsControl, unpacked } from './aws-envelope.ts';
import { findingDraft } from './finding-draft.ts';
import { isPassedCheck } from './finding-status.ts';

const help =
  'Send findings in the AWS Security Finding Format: one, a batch (`{"Findings": […]}`), or the EventBridge event ' +
  '`Security Hub Findings - Imported` by an API destination. Checks that passed are skipped.';

/** ASFF, whichever product found it; findings of GuardDuty keep their GuardDuty type as the rule. */
export const securityhub: Detector = {
  format: 'securityhub',
  title: 'AWS Security Hub (ASFF)',
  help,
  claims: (line) => findingsIn(unpacked(line).content)?.some(isAsff) === true,
  map: mapSecurityHub,
};

/** Also called by the `guardduty` detector, since people send both to one place. */
export function mapSecurityHub(line: Json): Mapped {
  if (isSnsControl(line)) return { kind: 'skipped', what: textAt(line, 'Type') ?? 'SNS' };
  const { content, detailType } = unpacked(line);
  const findings = findingsIn(content);
  if (findings?.some((finding) => isAsff(finding) || isOcsf(finding)))
    return mapFindings(findings, findings[0] === content);
  if (detailType?.startsWith('Security Hub')) return { kind: 'skipped', what: detailType };
  return findings?.length === 0 ? { kind: 'skipped', what: 'empty batch' } : notThisFormat;
}

const notThisFormat: Mapped = {
  kind: 'rejected',
  code: 'not_this_format',
  message: 'Not a finding in the AWS Security Finding Format: `ProductArn` or `GeneratorId` with `Id` is missing',
};

function mapFindings(findings: readonly Json[], single: boolean): Mapped {
  const drafts = findings.filter((finding) => !hasPassed(finding)).map(draftOf);
  const [first] = drafts;
  if (!first) return { kind: 'skipped', what: 'passed check' };
  return single ? { kind: 'detection', draft: first } : { kind: 'detections', drafts };
}

/** The newer Security Hub sends OCSF inside of the same envelope. */
const draftOf = (finding: Json): DetectionDraft => (isOcsf(finding) ? ocsfDraft(finding) : findingDraft(finding));
const hasPassed = (finding: Json): boolean => (isOcsf(finding) ? isPassedOcsf(finding) : isPassedCheck(finding));

/** One finding, or the findings of a batch; undefined for what is neither. */
function findingsIn(content: Json): readonly Json[] | undefined {
  if (isAsff(content)) return [content];
  const batch = valueAt(content, 'Findings') ?? valueAt(content, 'findings');
  return batch === undefined ? undefined : listAt(batch);
}

const isAsff = (finding: Json): boolean =>
  textAt(finding, 'Id') !== undefined &&
  (textAt(finding, 'ProductArn') ?? textAt(finding, 'GeneratorId')) !== undefined &&
  (textAt(finding, 'AwsAccountId') ?? textAt(finding, 'Title') ?? valueAt(finding, 'Severity')) !== undefined;
