/** Part of a query's text: UTF-16 code units from 0, `to` exclusive. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

/** What is before the colon. `name` is meant, `raw` is written: they differ by escapes. */
export interface QueryKey {
  /** With its `@` if it is an attribute; `*` stands for everything there is. */
  readonly name: string;
  readonly raw: string;
  readonly range: TextRange;
}

/** A stretch of a pattern: text as it is, `*` for any characters, `?` for one. */
export type PatternPiece = { readonly literal: string } | { readonly wild: '*' | '?' };
/** Never empty; at least one piece is wild. */
export type Pattern = readonly PatternPiece[];

/** Longer ones first: `>=` begins like `>`. */
export const comparisons = ['>=', '<=', '>', '<'] as const;
/** Bigger or smaller than a bound, with it or without. */
export type Comparison = (typeof comparisons)[number];

/** One end of a range, or the other side of a comparison, without escapes. `*` is open, in ranges only. */
export interface Bound {
  readonly text: string;
  readonly raw: string;
  readonly range: TextRange;
}

/** What is looked for. `raw` is what a printer writes. */
export type QueryValue = { readonly raw: string; readonly range: TextRange } & (
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'pattern'; readonly pattern: Pattern }
  /** Only `*`: whatever it is. */
  | { readonly kind: 'any' }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly bound: Bound }
  /** Both ends belong to it. */
  | { readonly kind: 'between'; readonly low: Bound; readonly high: Bound }
);

/** The parsed form of a query, in the order in which it was written. */
export type QueryNode = { readonly range: TextRange } /** No text: every signal. */ & (
  | { readonly kind: 'empty' }
  /** `joins[i]`: whether AND is written out between item i and the next. */
  | { readonly kind: 'and'; readonly items: readonly QueryNode[]; readonly joins: readonly boolean[] }
  | { readonly kind: 'or'; readonly items: readonly QueryNode[] }
  | { readonly kind: 'not'; readonly sign: '-' | 'NOT'; readonly item: QueryNode }
  | { readonly kind: 'group'; readonly item: QueryNode }
  /** `key:( … )`. Terms inside have no key of their own: it is this one. */
  | { readonly kind: 'list'; readonly key: QueryKey; readonly item: QueryNode }
  /** Without a key, outside a list: free text. */
  | { readonly kind: 'term'; readonly key?: QueryKey; readonly value: QueryValue }
  | { readonly kind: 'cidr'; readonly key: QueryKey; readonly blocks: readonly Bound[] }
);

/** A text that could be read. */
export interface Query {
  readonly text: string;
  readonly root: QueryNode;
}
