import { addressBlock } from './addresses.ts';
import { folded, searchable } from './folded-text.ts';
import { boundIn } from './query-bounds.ts';
import type { Bound, Comparison, Pattern, PatternPiece, QueryKey, QueryNode, QueryValue } from './query-node.ts';
import { addressesKey } from './search-document.ts';
import { canonicalKey, searchField, valueNamed } from './search-fields.ts';

/** One side of a comparison. */
export interface Limit {
  readonly value: number;
  readonly inclusive: boolean;
}

/** Where free text looks: title and message, or everything. */
export type TextScope = 'message' | 'everything';

/**
 * What a query asks of a `SearchDocument`: aliases, escapes, orders and blocks are resolved. Predicate and SQL are both made
 * from it, so that they cannot understand a query differently.
 */
export type Condition =
  | { readonly kind: 'always' }
  | { readonly kind: 'and' | 'or'; readonly items: readonly Condition[] }
  | { readonly kind: 'not'; readonly item: Condition }
  | { readonly kind: 'exists'; readonly key: string }
  /** Any value of the key is one of these texts. */
  | { readonly kind: 'equals'; readonly key: string; readonly texts: readonly string[] }
  | { readonly kind: 'like'; readonly key: string; readonly pattern: Pattern }
  | { readonly kind: 'between'; readonly key: string; readonly low?: Limit; readonly high?: Limit }
  /** Any text of the key (see `addressesKey`) lies in one of the blocks, in the order of code units. */
  | {
      readonly kind: 'within';
      readonly key: string;
      readonly blocks: readonly { readonly low: string; readonly high: string }[];
    }
  /** A line holds this: words with a space around each. */
  | { readonly kind: 'words'; readonly scope: TextScope; readonly words: string }
  /** A whole line fits this. */
  | { readonly kind: 'line'; readonly scope: TextScope; readonly pattern: Pattern };

/** Resolves a query, or a part of one that stands outside of lists. */
export const conditionOf = (root: QueryNode): Condition => resolve(root, undefined);

const always: Condition = { kind: 'always' };

/** `list`: the key that stands before the parentheses around the node. */
function resolve(node: QueryNode, list: QueryKey | undefined): Condition {
  switch (node.kind) {
    case 'empty':
      return always;
    case 'and':
      return { kind: 'and', items: node.items.map((item) => resolve(item, list)) };
    case 'or':
      return anyOf(node.items.map((item) => resolve(item, list)));
    case 'not':
      return { kind: 'not', item: resolve(node.item, list) };
    case 'group':
      return resolve(node.item, list);
    case 'list':
      return resolve(node.item, node.key);
    case 'term':
      return resolveTerm(node.key ?? list, node.value);
    case 'cidr':
      return {
        kind: 'within',
        key: addressesKey(keyOf(node.key)),
        blocks: node.blocks.flatMap(({ text }) => addressBlock(text) ?? []),
      };
    default:
      return node satisfies never;
  }
}

/** `key:(a OR b OR c)` is one look, not three. */
function anyOf(items: readonly Condition[]): Condition {
  const [first] = items;
  if (first?.kind !== 'equals') return { kind: 'or', items };
  const texts = items.flatMap((item) => (item.kind === 'equals' && item.key === first.key ? item.texts : []));
  const isOneKey = items.every((item) => item.kind === 'equals' && item.key === first.key);
  return isOneKey ? { ...first, texts: [...new Set(texts)] } : { kind: 'or', items };
}

const keyOf = ({ name }: QueryKey): string => searchable(canonicalKey(name));

function resolveTerm(key: QueryKey | undefined, value: QueryValue): Condition {
  if (!key || key.name === '*') return resolveText(key ? 'everything' : 'message', value);
  const name = keyOf(key);
  switch (value.kind) {
    case 'text':
      return { kind: 'equals', key: name, texts: [searchable(valueNamed(name, value.text))] };
    case 'pattern':
      return { kind: 'like', key: name, pattern: value.pattern.map((piece) => withLiteral(piece, searchable)) };
    case 'any':
      return { kind: 'exists', key: name };
    case 'compare':
      return between(name, ...limitsOf(name, value.operator, value.bound));
    case 'between':
      return between(name, limitOf(name, value.low), limitOf(name, value.high));
    default:
      return value satisfies never;
  }
}

function limitOf(key: string, { text }: Bound, inclusive = true): Limit | undefined {
  const value = boundIn(key, text);
  return value === undefined ? undefined : { value, inclusive };
}

function limitsOf(key: string, operator: Comparison, bound: Bound): readonly [Limit | undefined, Limit | undefined] {
  const limit = limitOf(key, bound, operator.endsWith('='));
  return operator.startsWith('>') ? [limit, undefined] : [undefined, limit];
}

/** Where the values have an order of their own, a comparison is a list of them. */
function between(key: string, low: Limit | undefined, high: Limit | undefined): Condition {
  const ranks = searchField(key)?.ranks;
  if (ranks) return { kind: 'equals', key, texts: ranks.filter((_, rank) => isBetween(rank, low, high)) };
  return { kind: 'between', key, ...(low && { low }), ...(high && { high }) };
}

/** Whether a number lies between two limits; an absent one is open. */
export const isBetween = (value: number, low: Limit | undefined, high: Limit | undefined): boolean =>
  (!low || (low.inclusive ? value >= low.value : value > low.value)) &&
  (!high || (high.inclusive ? value <= high.value : value < high.value));

function resolveText(scope: TextScope, value: QueryValue): Condition {
  if (value.kind === 'text') return { kind: 'words', scope, words: ` ${folded(value.text).trim()} ` };
  if (value.kind === 'pattern') return { kind: 'line', scope, pattern: linePattern(value.pattern) };
  return always;
}

/** The pattern begins and ends where words do; inside, a star may stand for several words. */
function linePattern(pattern: Pattern): Pattern {
  const inner = pattern.map((piece, index) =>
    withLiteral(piece, (literal) => {
      const text = folded(literal);
      const started = index === 0 ? text.trimStart() : text;
      return index === pattern.length - 1 ? started.trimEnd() : started;
    }),
  );
  const space: PatternPiece = { literal: ' ' };
  const star: PatternPiece = { wild: '*' };
  return [star, space, ...inner, space, star].filter((piece) => 'wild' in piece || piece.literal !== '');
}

const withLiteral = (piece: PatternPiece, change: (literal: string) => string): PatternPiece =>
  'literal' in piece ? { literal: change(piece.literal) } : piece;
