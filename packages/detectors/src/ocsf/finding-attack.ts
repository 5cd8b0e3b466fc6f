import type { Json } from '@tocsin/core';
import { listAt, textAt, textsAt, valueAt } from '../attribute-reading.ts';
import { tacticTag, techniqueTag } from '../attack-tags.ts';
import { infoOf } from './finding-rule.ts';

export interface AttackSteps {
  readonly tactics: readonly string[] | undefined;
  readonly techniques: readonly string[] | undefined;
  readonly tags: readonly string[];
}

/** The ATT&CK steps of a finding, wherever its version keeps them. Prowler lists techniques among the standards. */
export function attackOfFinding(event: Json): AttackSteps {
  const attacks = [...listAt(infoOf(event), 'attacks'), ...listAt(event, 'attacks')];
  const tactics = attacks.flatMap((attack) => [...listAt(attack, 'tactics'), ...listAt(attack, 'tactic')]).map(stepOf);
  const techniques = attacks
    .flatMap((attack) => [...listAt(attack, 'technique'), ...listAt(attack, 'sub_technique')])
    .map(stepOf);
  const listed = textsAt(valueAt(event, 'unmapped', 'compliance', 'MITRE-ATTACK')).map((id) => ({
    id,
    name: undefined,
  }));
  const tags = [...tactics.map(tacticTag), ...[...techniques, ...listed].map(techniqueTag)];
  return {
    tactics: someOf(tactics.map(({ id, name }) => name ?? id)),
    techniques: someOf([...techniques, ...listed].map(({ id, name }) => id ?? name)),
    tags: [...new Set(tags.filter((tag) => tag !== undefined))],
  };
}

const stepOf = (step: Json): { readonly id: string | undefined; readonly name: string | undefined } => ({
  id: textAt(step, 'uid'),
  name: textAt(step, 'name'),
});

function someOf(texts: readonly (string | undefined)[]): readonly string[] | undefined {
  const known = [...new Set(texts.filter((text) => text !== undefined))];
  return known.length > 0 ? known : undefined;
}
