import {
  day,
  type Duration,
  keyNamed,
  printQuery,
  type Query,
  type QueryNode,
  searchDocument,
  type SignalView,
  valueOfText,
} from '@tocsin/core';

/** Related unless said otherwise: created so long before or after. */
export const relatedWithin: Duration = 7 * day;

/** Why a signal is related to another one. `values`: what both hold. */
export type Relation =
  | { readonly reason: 'same_rule' | 'same_group' }
  | { readonly reason: 'shared_entities' | 'shared_indicators'; readonly values: readonly string[] };

const shared = [
  { reason: 'shared_entities', key: '@entities' },
  { reason: 'shared_indicators', key: '@threat_intel.indicators_matched' },
] as const;
/** A signal may name thousands; the first ones say what it is about. */
const maxValues = 64;

const ruleKey = '@workflow.rule.id';
const nowhere = { from: 0, to: 0 };
const anyOf = (key: string, texts: readonly string[]): readonly QueryNode[] =>
  texts.map((text) => ({ kind: 'term', key: keyNamed(key), value: valueOfText(text), range: nowhere }));

/** Finds the signals that have a relation to this one, and not itself. */
export function relatedQuery(view: SignalView): Query {
  const items = [
    ...anyOf(ruleKey, [view.rule.id]),
    ...shared.flatMap(({ key }) => anyOf(key, textsOf(view, key).slice(0, maxValues))),
  ];
  const either: QueryNode = { kind: 'group', item: { kind: 'or', items, range: nowhere }, range: nowhere };
  const [itself] = anyOf('id', [view.id]);
  const other: readonly QueryNode[] = itself ? [{ kind: 'not', sign: '-', item: itself, range: nowhere }] : [];
  const root: QueryNode = { kind: 'and', items: [either, ...other], joins: [false], range: nowhere };
  return { text: printQuery(root), root };
}

/** Strongest first. The same rule with the same group values is the same activity, later or earlier. */
export function relationsOf(view: SignalView, other: SignalView): readonly Relation[] {
  const isSameRule = view.rule.id === other.rule.id;
  const isSameGroup = isSameRule && groupOf(view) === groupOf(other);
  return [
    ...(isSameGroup ? [{ reason: 'same_group' } as const] : []),
    ...(isSameRule ? [{ reason: 'same_rule' } as const] : []),
    ...shared.flatMap(({ reason, key }) => {
      const held = new Set(textsOf(other, key));
      const values = textsOf(view, key)
        .slice(0, maxValues)
        .filter((text) => held.has(text));
      return values.length > 0 ? [{ reason, values }] : [];
    }),
  ];
}

const groupOf = ({ groupBy }: SignalView): string => JSON.stringify(groupBy.map(({ path, value }) => [path, value]));

const textsOf = (view: SignalView, key: string): readonly string[] => [
  ...new Set(
    searchDocument(view)
      .values.get(key)
      ?.filter((value) => typeof value === 'string'),
  ),
];
