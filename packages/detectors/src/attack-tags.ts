/** One step of MITRE ATT&CK as a source names it: by id, by name, or by both. */
export interface AttackStep {
  readonly id?: string | undefined;
  readonly name?: string | undefined;
}

const tacticIds: Readonly<Record<string, string>> = {
  reconnaissance: 'ta0043',
  'resource-development': 'ta0042',
  'initial-access': 'ta0001',
  execution: 'ta0002',
  persistence: 'ta0003',
  'privilege-escalation': 'ta0004',
  'defense-evasion': 'ta0005',
  'credential-access': 'ta0006',
  discovery: 'ta0007',
  'lateral-movement': 'ta0008',
  collection: 'ta0009',
  'command-and-control': 'ta0011',
  exfiltration: 'ta0010',
  impact: 'ta0040',
};

/** `tactic:ta0003-persistence`. The id of an enterprise tactic is known from its name, and sources err in it. */
export function tacticTag({ id, name }: AttackStep): string | undefined {
  const words = slugOf(name ?? '');
  return tagOf('tactic', tacticIds[words] ?? id, words);
}

/** `technique:t1556-modify-authentication-process`, or what is known of it. */
export const techniqueTag = ({ id, name }: AttackStep): string | undefined =>
  tagOf('technique', id, slugOf(name ?? ''));

function tagOf(kind: string, id: string | undefined, words: string): string | undefined {
  const parts = [id?.trim().toLowerCase() ?? '', words].filter((part) => part !== '');
  return parts.length > 0 ? `${kind}:${parts.join('-')}` : undefined;
}

/** Lower case words joined by `-`: `Credential Access` and `credential_access` are the same. */
export const slugOf = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-|-$/g, '');
