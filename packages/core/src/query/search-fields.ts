import { severities } from '../severity.ts';
import { ruleTypeNames } from '../signal/api-shape.ts';
import { signalStates } from '../signal/lifecycle.ts';

/** What comparisons and sorting go by; of a field with `ranks`, they go by these. */
export type SearchFieldType = 'text' | 'number' | 'time';

/** A field that searches, facets and columns know by name. Attributes and tags that are not declared can be searched too. */
export interface SearchField {
  /** As it is written in a query. */
  readonly name: string;
  readonly label: string;
  /** Where its values are in the signal as the API shows it, from `attributes`. */
  readonly path?: string;
  /** Tags of this key are values too. */
  readonly tag?: string;
  readonly type: SearchFieldType;
  /** Every value there is, lowest first: sorting and comparisons go by this order, not by letters. */
  readonly ranks?: readonly string[];
  /** What may be written for a value in a query, by what is written; facets show the value itself. */
  readonly valueNames?: Readonly<Record<string, string>>;
  /** Other names that mean the same. */
  readonly aliases?: readonly string[];
  /** Shown among the facets unless somebody hides it. */
  readonly facet?: true;
}

const text = 'text';
const custom = (path: string): string => `custom.${path}`;

/** The one declaration: predicate, SQL, facets and columns read it. The order is that of the facet panel. */
export const searchFields: readonly SearchField[] = [
  {
    name: 'status',
    label: 'Severity',
    path: custom('status'),
    type: text,
    ranks: severities,
    aliases: ['severity', '@status'],
    facet: true,
  },
  {
    name: '@workflow.triage.state',
    label: 'Signal State',
    path: custom('workflow.triage.state'),
    type: text,
    ranks: signalStates,
    facet: true,
  },
  {
    name: '@workflow.rule.name',
    label: 'Detection Rule',
    path: custom('workflow.rule.name'),
    type: text,
    facet: true,
  },
  { name: 'source', label: 'Source', path: custom('source'), tag: 'source', type: text, facet: true },
  { name: 'host', label: 'Host', path: custom('host'), tag: 'host', type: text, facet: true },
  { name: '@container.name', label: 'Container', path: custom('container.name'), type: text, facet: true },
  { name: 'tactic', label: 'Tactic', tag: 'tactic', type: text, facet: true },
  { name: 'technique', label: 'Technique', tag: 'technique', type: text, facet: true },
  { name: 'service', label: 'Service', path: custom('service'), tag: 'service', type: text, facet: true },
  { name: 'env', label: 'Env', tag: 'env', type: text, facet: true },
  {
    name: '@workflow.rule.type',
    label: 'Type',
    path: custom('workflow.rule.type'),
    type: text,
    valueNames: ruleTypeNames,
    facet: true,
  },
  {
    name: '@workflow.triage.assignee.handle',
    label: 'Assignee',
    path: custom('workflow.triage.assignee.handle'),
    type: text,
    facet: true,
  },
  {
    name: '@workflow.rule.id',
    label: 'Rule ID',
    path: custom('workflow.rule.id'),
    type: text,
    aliases: ['ruleId', 'rule_id'],
  },
  {
    name: '@workflow.rule.ruleType',
    label: 'Rule Type',
    path: custom('workflow.rule.ruleType'),
    type: text,
    aliases: ['type'],
  },
  { name: 'tags', label: 'Tags', path: 'tags', type: text },
  { name: 'id', label: 'Signal ID', path: 'id', type: text },
  { name: '@title', label: 'Title', path: custom('title'), type: text, aliases: ['title'] },
  { name: 'timestamp', label: 'Created', path: 'timestamp', type: 'time' },
  { name: '@workflow.first_seen', label: 'First Seen', path: custom('workflow.first_seen'), type: 'time' },
  { name: '@workflow.last_seen', label: 'Last Seen', path: custom('workflow.last_seen'), type: 'time' },
  {
    name: '@workflow.events_matched',
    label: 'Detections',
    path: custom('workflow.events_matched'),
    type: 'number',
  },
  {
    name: '@severity',
    label: 'Severity Level',
    path: custom('severity'),
    type: 'number',
    valueNames: Object.fromEntries(severities.map((severity, rank) => [severity, String(rank)])),
  },
];

const byName: ReadonlyMap<string, SearchField> = new Map(
  searchFields.flatMap((field) => [field.name, ...(field.aliases ?? [])].map((name) => [name, field] as const)),
);

/** The declaration of a field, by its name or one of its aliases. */
export const searchField = (name: string): SearchField | undefined => byName.get(name);

/** The name under which the values of a key are kept. A key that is not declared keeps its own. */
export const canonicalKey = (name: string): string => byName.get(name)?.name ?? name;

/** The value that a text means for a field: mostly itself. */
export function valueNamed(name: string, text: string): string {
  const names = byName.get(name)?.valueNames;
  return (names && Object.hasOwn(names, text) ? names[text] : undefined) ?? text;
}
