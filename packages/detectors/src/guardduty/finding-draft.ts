import type { DetectionDraft, Json, Severity, SourceStatus } from '@tocsin/core';
import { listAt, numberAt, textAt, textsAt, valueAt } from '../attribute-reading.ts';
import { slugOf, tacticTag, techniqueTag } from '../attack-tags.ts';
import { severityFields, severityOf } from '../severity-reading.ts';
import { subjectOfFinding } from './finding-subject.ts';

/** One native finding, in the spelling of events. */
export function findingDraft(finding: Json): DetectionDraft {
  const type = textAt(finding, 'type');
  const attack = attackTags(finding, type);
  const title = textAt(finding, 'title') ?? type ?? '';
  return {
    source: 'guardduty',
    ruleType: 'log_detection',
    rule: { id: type, name: type, tags: attack },
    ...severityFields(severityOfFinding(finding)),
    title,
    message: textAt(finding, 'description')?.trim() ?? title,
    ...subjectOfFinding(finding),
    tags: [...attack, ...resourceTags(finding), ...(isSample(finding) ? ['sample:true'] : [])],
    sourceId: textAt(finding, 'id') ?? textAt(finding, 'arn'),
    sourceStatus: sourceStatusOf(finding),
    time: timeOf(finding),
  };
}

/** 1 to 3.9 low, to 6.9 medium, to 8.9 high, above critical: GuardDuty's own bands. */
function severityOfFinding(finding: Json): Severity | undefined {
  const number = numberAt(finding, 'severity');
  if (number === undefined) return severityOf(textAt(finding, 'severity'));
  if (number >= 9) return 'critical';
  if (number >= 7) return 'high';
  return number >= 4 ? 'medium' : number >= 1 ? 'low' : number >= 0 ? 'info' : undefined;
}

/** GuardDuty sends a finding again when the same activity goes on, with a higher count, and when somebody archives it. */
function sourceStatusOf(finding: Json): SourceStatus {
  if (textAt(finding, 'service', 'archived')?.toLowerCase() === 'true') return 'resolved';
  const [created, updated] = [textAt(finding, 'createdAt'), textAt(finding, 'updatedAt')];
  const changed = created !== undefined && updated !== undefined && created !== updated;
  return changed || (numberAt(finding, 'service', 'count') ?? 1) > 1 ? 'updated' : 'active';
}

/** Years before GuardDuty existed are placeholders. */
const isPlaceholder = (time: string): boolean => /^(000|19)/.test(time);

function timeOf(finding: Json): string | undefined {
  const service = valueAt(finding, 'service');
  const times = [
    ...[textAt(service, 'eventLastSeen'), textAt(service, 'eventFirstSeen')],
    ...[textAt(finding, 'updatedAt'), textAt(finding, 'createdAt')],
  ].filter((time) => time !== undefined);
  return times.find((time) => !isPlaceholder(time)) ?? times[0];
}

/** The purpose before the colon of a type is a tactic or a word of GuardDuty's own; an attack sequence names its steps. */
function attackTags(finding: Json, type: string | undefined): readonly string[] {
  const indicators = listAt(finding, 'service', 'detection', 'sequence', 'indicators');
  const named = (key: string) =>
    indicators
      .filter((indicator) => textAt(indicator, 'key') === key)
      .flatMap((indicator) => textsAt(indicator, 'values'));
  const purpose = (type?.split(':')[0] ?? '').replace(/([a-z])([A-Z])/g, '$1 $2');
  const tactics = [...(tacticPurposes.has(slugOf(purpose)) ? [purpose] : []), ...named('ATTACK_TACTIC')];
  const tags = [...tactics.map((name) => tacticTag({ name })), ...named('ATTACK_TECHNIQUE').map(techniqueOf)];
  return [...new Set(tags.filter((tag) => tag !== undefined))];
}

const tacticPurposes = new Set([
  ...['credential-access', 'defense-evasion', 'discovery', 'execution', 'exfiltration', 'impact', 'initial-access'],
  ...['persistence', 'privilege-escalation'],
]);

/** `T1098 - Account Manipulation`, or the id alone. */
function techniqueOf(text: string): string | undefined {
  const [, id, name] = /^(T\d[\d.]*)\s*(?:-\s*(.*))?$/.exec(text) ?? [];
  return techniqueTag(id ? { id, name } : { name: text });
}

const isSample = (finding: Json): boolean => valueAt(finding, 'service', 'additionalInfo', 'sample') === true;

/** The tags that people gave to the machine or the bucket. */
function resourceTags(finding: Json): readonly string[] {
  const resource = valueAt(finding, 'resource');
  const sets = [
    ...[listAt(resource, 'instanceDetails', 'tags'), listAt(resource, 's3BucketDetails', 0, 'tags')],
    ...[
      listAt(resource, 'eksClusterDetails', 'tags'),
      listAt(resource, 'ecsClusterDetails', 'tags'),
      listAt(resource, 'lambdaDetails', 'tags'),
    ],
  ];
  return sets.flat().flatMap((tag) => {
    const [key, value] = [textAt(tag, 'key'), textAt(tag, 'value')];
    return key ? [value ? `${key}:${value}` : key] : [];
  });
}
