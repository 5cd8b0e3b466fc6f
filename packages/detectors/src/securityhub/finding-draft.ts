import type { DetectionDraft, Json, RuleType } from '@tocsin/core';
import { firstText, listAt, textAt, textOf, textsAt } from '../attribute-reading.ts';
import { severityFields } from '../severity-reading.ts';
import { severityOfFinding, sourceStatusOf } from './finding-status.ts';
import { subjectOfFinding } from './finding-subject.ts';

/** One finding in the AWS Security Finding Format. */
export function findingDraft(finding: Json): DetectionDraft {
  const title = textAt(finding, 'Title')?.trim() ?? '';
  return {
    source: productOf(finding),
    ruleType: ruleTypeOf(finding),
    rule: ruleOf(finding, title),
    ...severityFields(severityOfFinding(finding)),
    title,
    message: textAt(finding, 'Description') ?? title,
    ...subjectOfFinding(finding),
    tags: [...tagsOf(finding), ...standardTags(finding)],
    sourceId: textAt(finding, 'Id'),
    sourceStatus: sourceStatusOf(finding),
    time: firstText(finding, ['LastObservedAt'], ['UpdatedAt'], ['FirstObservedAt'], ['CreatedAt']),
  };
}

/** The product by name; custom integrations are called Default, and say who they are elsewhere. */
function productOf(finding: Json): string {
  const name = firstText(finding, ['ProductName'], ['ProductFields', 'aws/securityhub/ProductName']);
  const own = name && name !== 'Default' ? name : textAt(finding, 'ProductFields', 'ProviderName');
  const product = own ?? /product\/[^/]*\/([^/]+)/.exec(textAt(finding, 'ProductArn') ?? '')?.[1];
  return (product && product !== 'default' ? product : 'security-hub').toLowerCase().replace(/\s+/g, '-');
}

/** Types end with the exact one, in which a `-` stands for the `/` of the product's own name. */
const typeOf = (finding: Json): string | undefined =>
  textsAt(finding, 'Types')[0]
    ?.split('/')
    .at(-1)
    ?.replace(/^(\w+:\w+)-/, '$1/');

const byType = new Set(['guardduty', 'macie', 'detective', 'iam-access-analyzer']);

/**
 * The generator is the rule, except where it is the whole product or one installation of it: there the type is, and for
 * vulnerabilities their name.
 */
function ruleOf(finding: Json, title: string): DetectionDraft['rule'] {
  const product = productOf(finding);
  const type = typeOf(finding);
  if (byType.has(product) && type) return { id: type, name: type, tags: [] };
  const vulnerability =
    textAt(finding, 'Vulnerabilities', 0, 'Id') ??
    (product === 'inspector' ? /CVE-\d+-\d+/.exec(title)?.[0] : undefined);
  if (vulnerability) return { id: vulnerability, name: title || vulnerability, tags: [] };
  const control = firstText(
    finding,
    ['GeneratorId'],
    ['Compliance', 'SecurityControlId'],
    ['ProductFields', 'ControlId'],
  );
  return { id: control, name: title || control || type, tags: [] };
}

function ruleTypeOf(finding: Json): RuleType {
  if (textAt(finding, 'Compliance', 'Status')) return 'cloud_configuration';
  if (listAt(finding, 'Vulnerabilities').length > 0) return 'infrastructure_configuration';
  return textsAt(finding, 'Types')[0]?.startsWith('Software and Configuration Checks')
    ? 'cloud_configuration'
    : 'log_detection';
}

/** Tags of the first resource and those that the finding itself carries. */
function tagsOf(finding: Json): readonly string[] {
  const sets = [listAt(finding, 'Resources', 0, 'Tags')[0], listAt(finding, 'UserDefinedFields')[0]];
  return sets.flatMap((set) =>
    Object.entries(typeof set === 'object' && set !== null && !Array.isArray(set) ? set : {}).flatMap(([key, value]) =>
      textOf(value) === undefined ? [] : [`${key}:${textOf(value)}`],
    ),
  );
}

const standardTags = (finding: Json): readonly string[] =>
  listAt(finding, 'Compliance', 'AssociatedStandards').flatMap((standard) => {
    const id = textAt(standard, 'StandardsId');
    return id === undefined ? [] : [`standard:${id.replace(/^(standards|ruleset)\//, '')}`];
  });
