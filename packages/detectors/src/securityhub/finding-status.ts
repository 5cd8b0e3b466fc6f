import type { Json, Severity, SourceStatus } from '@tocsin/core';
import { firstText, numberAt, textAt } from '../attribute-reading.ts';
import { severityOf } from '../severity-reading.ts';

/** A check that passed is no news, unless it failed before: then it ends a signal. */
export const isPassedCheck = (finding: Json): boolean => hasPassed(finding) && !failedBefore(finding);

const hasPassed = (finding: Json): boolean => textAt(finding, 'Compliance', 'Status') === 'PASSED';
const failedBefore = (finding: Json): boolean =>
  ['FAILED', 'WARNING'].includes(textAt(finding, 'ProductFields', 'PreviousComplianceStatus') ?? '');

/** Archived by its product, resolved by a person, or passed at last. Otherwise an update when its two dates differ. */
export function sourceStatusOf(finding: Json): SourceStatus {
  const ended = textAt(finding, 'RecordState') === 'ARCHIVED' || textAt(finding, 'Workflow', 'Status') === 'RESOLVED';
  if (ended || hasPassed(finding)) return 'resolved';
  const [created, updated] = [textAt(finding, 'CreatedAt'), textAt(finding, 'UpdatedAt')];
  return created !== undefined && updated !== undefined && created !== updated ? 'updated' : 'active';
}

/** The label; in old findings the normalised number, in bands that Security Hub itself documents. */
export function severityOfFinding(finding: Json): Severity | undefined {
  const label = firstText(
    finding,
    ['Severity', 'Label'],
    ['FindingProviderFields', 'Severity', 'Label'],
    ['ProductFields', 'aws/securityhub/SeverityLabel'],
  );
  return severityOf(label) ?? bandOf(numberAt(finding, 'Severity', 'Normalized'));
}

function bandOf(normalized: number | undefined): Severity | undefined {
  if (normalized === undefined || normalized < 0) return undefined;
  if (normalized >= 90) return 'critical';
  if (normalized >= 70) return 'high';
  return normalized >= 40 ? 'medium' : normalized >= 1 ? 'low' : 'info';
}
