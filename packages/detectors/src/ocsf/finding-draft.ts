import type { DetectionDraft, Json, RuleType } from '@tocsin/core';
import { firstText, type Maybe, numberAt, objectAt, textAt, textsAt, valueAt } from '../attribute-reading.ts';
import { severityFields } from '../severity-reading.ts';
import { classNameOf, classOf } from './classes.ts';
import { attackOfFinding } from './finding-attack.ts';
import { infoOf, ruleOfFinding, titleOf } from './finding-rule.ts';
import { severityOfFinding, sourceStatusOf } from './finding-status.ts';
import { subjectOfFinding } from './finding-subject.ts';

/** One finding of any class, or an event of another class that its product calls an alert. */
export function findingDraft(event: Json): DetectionDraft {
  const attack = attackOfFinding(event);
  const title = titleOf(event) ?? classNameOf(event);
  return {
    source: productOf(event),
    ruleType: ruleTypeOf(event),
    rule: { ...ruleOfFinding(event), tags: attack.tags },
    ...severityFields(severityOfFinding(event)),
    title,
    message: messageOf(event) ?? title,
    ...subjectOfFinding(event, attack),
    tags: [...attack.tags, ...textsAt(event, 'metadata', 'labels')],
    sourceId: textAt(infoOf(event), 'uid') ?? textAt(event, 'metadata', 'uid'),
    sourceStatus: sourceStatusOf(event),
    time: timeOf(event),
  };
}

const productOf = (event: Json): string =>
  (firstText(event, ['metadata', 'product', 'name'], ['metadata', 'product', 'vendor_name']) ?? 'ocsf')
    .trim()
    .toLowerCase()
    .replace(/\s+/g, '-');

/** What happened here, then what it means in general. */
function messageOf(event: Json): string | undefined {
  const texts = [firstText(event, ['status_detail'], ['message']), textAt(infoOf(event), 'desc')];
  const different = new Set(texts.flatMap((text) => (text === undefined ? [] : [text.trim()])));
  return different.size > 0 ? [...different].join('\n\n') : undefined;
}

function ruleTypeOf(event: Json): RuleType {
  const number = classOf(event);
  if (number === 2007) return 'application_security';
  const checked = number === 2003 || ['fail', 'manual'].includes(textAt(event, 'status_code')?.toLowerCase() ?? '');
  if (checked) return objectAt(event, 'cloud') ? 'cloud_configuration' : 'infrastructure_configuration';
  return number === 2002 ? 'infrastructure_configuration' : 'log_detection';
}

/** `time` is the normal one; it is 0 where a mapping had none to give. */
function timeOf(event: Json): string | number | undefined {
  const info = infoOf(event);
  const times: readonly Maybe[] = [
    ...[
      valueAt(event, 'time'),
      valueAt(event, 'time_dt'),
      valueAt(info, 'last_seen_time'),
      valueAt(info, 'last_seen_time_dt'),
    ],
    ...[
      valueAt(info, 'modified_time'),
      valueAt(info, 'created_time'),
      valueAt(info, 'first_seen_time'),
      numberAt(event, 'metadata', 'logged_time'),
    ],
  ];
  return times.find(
    (time): time is string | number =>
      (typeof time === 'number' && time > 0) || (typeof time === 'string' && time !== '' && time !== '0'),
  );
}
