import { severities } from '../severity.ts';
import { signalStates } from '../signal/lifecycle.ts';

export type SearchFieldType = 'text' | 'number' | 'time';

/** A field that searches, facets and columns know by name. Attributes and tags that are not declared can be searched too. */
export interface SearchField {
  /** As it is written in a query. */
  readonly name: string;
  readonly label: string;
  /** Where its values are in the signal as the API shows it, from `attributes`; several are taken together. */
  readonly paths: readonly string[];
  /** Tags of this key are values too. */
  readonly tag?: string;
  readonly type: SearchFieldType;
  /** Every value there is, lowest first: sorting and comparisons go by this order, not by letters. */
  readonly ranks?: readonly string[];
  /** Other names that mean the same. */
  readonly aliases?: readonly string[];
  /** Shown among the facets unless somebody hides it. */
  readonly facet?: true;
}

const text = 'text';
const custom = (path: string): readonly string[] => [`custom.${path}`];

/** The one declaration: predicate, SQL, facets and columns read it. The order is that of the facet panel. */
export const searchFields: readonly SearchField[] = [
  {
    name: 'status',
    label: 'Severity',
    paths: custom('status'),
    type: text,
    ranks: severities,
    aliases: ['severity', '@status'],
    facet: true,
  },
  {
    name: '@workflow.triage.state',
    label: 'Signal State',
    paths: custom('workflow.triage.state'),
    type: text,
    ranks: signalStates,
    facet: true,
  },
  {
    name: '@workflow.rule.name',
    label: 'Detection Rule',
    paths: custom('workflow.rule.name'),
    type: text,
    facet: true,
  },
  { name: 'source', label: 'Source', paths: custom('source'), tag: 'source', type: text, facet: true },
  { name: 'host', label: 'Host', paths: custom('host'), tag: 'host', type: text, facet: true },
  { name: '@container.name', label: 'Container', paths: custom('container.name'), type: text, facet: true },
  { name: 'tactic', label: 'Tactic', paths: [], tag: 'tactic', type: text, facet: true },
  { name: 'technique', label: 'Technique', paths: [], tag: 'technique', type: text, facet: true },
  { name: 'service', label: 'Service', paths: custom('service'), tag: 'service', type: text, facet: true },
  { name: 'env', label: 'Env', paths: [], tag: 'env', type: text, facet: true },
  {
    name: '@workflow.rule.type',
    label: 'Type',
    paths: ['custom.workflow.rule.type', 'custom.workflow.rule.ruleType'],
    type: text,
    aliases: ['type', '@workflow.rule.ruleType'],
    facet: true,
  },
  {
    name: '@workflow.triage.assignee.handle',
    label: 'Assignee',
    paths: custom('workflow.triage.assignee.handle'),
    type: text,
    facet: true,
  },
  {
    name: '@workflow.rule.id',
    label: 'Rule ID',
    paths: custom('workflow.rule.id'),
    type: text,
    aliases: ['ruleId', 'rule_id'],
  },
  { name: 'tags', label: 'Tags', paths: ['tags'], type: text },
  { name: 'id', label: 'Signal ID', paths: ['id'], type: text },
  { name: '@title', label: 'Title', paths: custom('title'), type: text, aliases: ['title'] },
  { name: 'timestamp', label: 'Created', paths: ['timestamp'], type: 'time' },
  { name: '@workflow.first_seen', label: 'First Seen', paths: custom('workflow.first_seen'), type: 'time' },
  { name: '@workflow.last_seen', label: 'Last Seen', paths: custom('workflow.last_seen'), type: 'time' },
  {
    name: '@workflow.events_matched',
    label: 'Detections',
    paths: custom('workflow.events_matched'),
    type: 'number',
  },
  { name: '@severity', label: 'Severity Level', paths: ['custom.severity', 'custom.status'], type: 'number' },
];

const byName: ReadonlyMap<string, SearchField> = new Map(
  searchFields.flatMap((field) => [field.name, ...(field.aliases ?? [])].map((name) => [name, field] as const)),
);

/** The declaration of a field, by its name or one of its aliases. */
export const searchField = (name: string): SearchField | undefined => byName.get(name);

/** The name under which the values of a key are kept. A key that is not declared keeps its own. */
export const canonicalKey = (name: string): string => byName.get(name)?.name ?? name;
