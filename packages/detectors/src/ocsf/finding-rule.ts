import type { DetectionDraft, Json } from '@tocsin/core';
import { firstText, objectAt, textAt, textsAt, valueAt } from '../attribute-reading.ts';
import { classOf } from './classes.ts';

/** `finding_info`, or `finding` as it was called before 1.1. */
export const infoOf = (event: Json): Json => objectAt(event, 'finding_info') ?? objectAt(event, 'finding') ?? {};

export const titleOf = (event: Json): string | undefined =>
  firstText(infoOf(event), ['title'], ['analytic', 'name'])?.trim() ?? textAt(event, 'message')?.trim();

type DraftRule = Omit<DetectionDraft['rule'], 'tags'>;

/**
 * What made the finding: its analytic, the check of a scanner, the control, the vulnerability, or the most exact type. OCSF has no one
 * place for it. Undefined leaves it to the title.
 */
export function ruleOfFinding(event: Json): DraftRule {
  const title = titleOf(event);
  const analytic = analyticOf(event);
  if (analytic) return analytic;
  const check = firstText(event, ['metadata', 'event_code'], ['compliance', 'control']) ?? vulnerabilityOf(event);
  if (check) return { id: check, name: title };
  const type = classOf(event) === 2003 || classOf(event) === 2002 ? undefined : textsAt(infoOf(event), 'types')[0];
  if (type) return { id: type.split('/').at(-1), name: type.split('/').at(-1) };
  return { id: undefined, name: undefined };
}

/** An analytic that is only named after its engine (its category) tells no rule; what it was related to may. */
function analyticOf(event: Json): DraftRule | undefined {
  for (const analytic of [objectAt(event, 'analytic'), objectAt(infoOf(event), 'analytic')]) {
    const related = objectAt(analytic, 'related_analytics', 0) ?? objectAt(analytic, 'relatedAnalytics', 0);
    for (const rule of [analytic, related]) {
      const id = textAt(rule, 'uid');
      if (id && id !== textAt(rule, 'category'))
        return { id, name: textAt(rule, 'name') ?? titleOf(event), version: textAt(rule, 'version') };
    }
  }
  return undefined;
}

const vulnerabilityOf = (event: Json): string | undefined => {
  const vulnerability = valueAt(event, 'vulnerabilities', 0);
  return firstText(vulnerability, ['cve', 'uid'], ['advisory', 'uid'], ['cwe', 'uid'], ['title']);
};
