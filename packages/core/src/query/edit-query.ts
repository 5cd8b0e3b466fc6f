import { keyNamed, printQuery, valueOfText } from './print-query.ts';
import type { Query, QueryKey, QueryNode } from './query-node.ts';
import { queryPredicate } from './query-predicate.ts';
import { documentOfValue } from './search-document.ts';
import { canonicalKey } from './search-fields.ts';

/** One line of a facet. */
export interface FacetValue {
  /** As in a query: `status`, `@usr.name`. */
  readonly key: string;
  readonly value: string;
}

/**
 * The query without what it asks of one key, for the counts of that key's facet and for "show all". Finds a superset. Only
 * what stands at the top, joined by AND, is taken out: `a OR status:high` stays as it is.
 */
export const withoutKey = (query: Query, key: string): string =>
  printQuery(joined(partsOf(query.root).filter(({ node }) => !isAbout(node, key))));

/** Only this value: what the query asks of the key is replaced. Finds a subset of `withoutKey`, all of it with the value. */
export const onlyValue = (query: Query, facet: FacetValue): string =>
  printQuery(joined([...partsOf(query.root).filter(({ node }) => !isAbout(node, facet.key)), adjacent(termOf(facet))]));

/**
 * This value too. Finds a superset: what was found before, and what else the query lets through that has this value alone.
 * Where the query asks nothing of the key, the value is in already and nothing changes.
 */
export function withValue(query: Query, facet: FacetValue): string {
  const parts = partsOf(query.root).flatMap(({ node, and }) => {
    if (!isAbout(node, facet.key) || admits(node, facet)) return [{ node, and }];
    const wider = widened(node, facet);
    return wider ? [{ node: wider, and }] : [];
  });
  return printQuery(joined(parts));
}

/** Not this value. Finds a subset: nothing that has this value alone. */
export function withoutValue(query: Query, facet: FacetValue): string {
  const parts = partsOf(query.root).map(({ node, and }) => {
    const isList = node.kind === 'list' && isKey(node.key, facet.key);
    return { node: (isList && without(node, facet.value)) || node, and };
  });
  const asked = parts.filter(({ node }) => isAbout(node, facet.key));
  if (!asked.every(({ node }) => admits(node, facet))) return printQuery(joined(parts));
  return printQuery(joined([...parts, adjacent({ kind: 'not', sign: '-', item: termOf(facet), range: nowhere })]));
}

const nowhere = { from: 0, to: 0 };

/** Something that must hold, and whether AND is written before it. */
interface Part {
  readonly node: QueryNode;
  readonly and: boolean;
}
const adjacent = (node: QueryNode): Part => ({ node, and: false });

function partsOf(root: QueryNode): readonly Part[] {
  if (root.kind === 'empty') return [];
  if (root.kind !== 'and') return [adjacent(root)];
  return root.items.map((node, index) => ({ node, and: index > 0 && root.joins[index - 1] === true }));
}

function joined(parts: readonly Part[]): QueryNode {
  const [first] = parts;
  if (!first) return { kind: 'empty', range: nowhere };
  if (parts.length === 1) return first.node;
  const items = parts.map(({ node }) => (node.kind === 'or' ? grouped(node) : node));
  return { kind: 'and', items, joins: parts.slice(1).map(({ and }) => and), range: nowhere };
}

const isKey = (key: QueryKey | undefined, name: string): boolean =>
  key !== undefined && canonicalKey(key.name) === canonicalKey(name);

/** Whether a node asks of this key and of nothing else. */
function isAbout(node: QueryNode, key: string): boolean {
  switch (node.kind) {
    case 'empty':
      return false;
    case 'and':
    case 'or':
      return node.items.every((item) => isAbout(item, key));
    case 'not':
    case 'group':
      return isAbout(node.item, key);
    case 'list':
    case 'cidr':
    case 'term':
      return isKey(node.key, key);
    default:
      return node satisfies never;
  }
}

const admits = (node: QueryNode, { key, value }: FacetValue): boolean =>
  queryPredicate(node)(documentOfValue(canonicalKey(key), value));

const termOf = ({ key, value }: FacetValue): QueryNode => ({
  kind: 'term',
  key: keyNamed(key),
  value: valueOfText(value),
  range: nowhere,
});
const grouped = (item: QueryNode): QueryNode => ({ kind: 'group', item, range: nowhere });

/** The node, letting the value through as well; undefined when nothing of it is left. */
function widened(node: QueryNode, facet: FacetValue): QueryNode | undefined {
  if (node.kind === 'not') return widenedNot(node, facet);
  if (node.kind === 'term' && node.key) {
    const { key, ...own } = node;
    return { kind: 'list', key, item: either(own, facet), range: nowhere };
  }
  if (node.kind === 'list') return { ...node, item: either(node.item, facet) };
  if (node.kind === 'group') return grouped(alternatives(node.item, termOf(facet)));
  return alternatives(node, termOf(facet));
}

/** An exclusion of the value itself goes; any other stands beside the value. */
function widenedNot(node: QueryNode & { readonly kind: 'not' }, facet: FacetValue): QueryNode | undefined {
  const { item } = node;
  if (item.kind === 'term' && isText(item, facet.value)) return undefined;
  const rest = item.kind === 'list' ? without(item, facet.value) : undefined;
  const left: QueryNode = rest ? { ...node, item: rest } : node;
  return rest && admits(left, facet) ? left : grouped(alternatives(node, termOf(facet)));
}

const either = (item: QueryNode, { value }: FacetValue): QueryNode =>
  alternatives(item, { kind: 'term', value: valueOfText(value), range: nowhere });

function alternatives(node: QueryNode, more: QueryNode): QueryNode {
  const items = node.kind === 'or' ? node.items : [node.kind === 'and' ? grouped(node) : node];
  return { kind: 'or', items: [...items, more], range: nowhere };
}

const isText = (node: QueryNode, text: string): boolean =>
  node.kind === 'term' && node.value.kind === 'text' && node.value.text === text;

/** A list of alternatives without one of them; undefined where it is not among them, or alone. */
function without(list: QueryNode & { readonly kind: 'list' }, text: string): QueryNode | undefined {
  const { item } = list;
  if (item.kind !== 'or') return undefined;
  const items = item.items.filter((each) => !isText(each, text));
  const [first] = items;
  if (!first || items.length === item.items.length) return undefined;
  if (items.length > 1) return { ...list, item: { ...item, items } };
  return first.kind === 'term' ? { ...first, key: list.key } : { ...list, item: first };
}
