import { type Condition, conditionOf, isBetween, type TextScope } from './condition.ts';
import type { QueryNode } from './query-node.ts';
import type { SearchDocument, SearchValue } from './search-document.ts';
import { wildcardMatcher } from './wildcards.ts';

/** Whether a document (`searchDocument` of a signal) is what a query looks for. */
export type QueryPredicate = (document: SearchDocument) => boolean;

/** Prepares a query (its root), to be asked of many signals. */
export const queryPredicate = (root: QueryNode): QueryPredicate => predicateOf(conditionOf(root));

function predicateOf(condition: Condition): QueryPredicate {
  switch (condition.kind) {
    case 'always':
      return () => true;
    case 'and': {
      const items = condition.items.map(predicateOf);
      return (document) => items.every((item) => item(document));
    }
    case 'or': {
      const items = condition.items.map(predicateOf);
      return (document) => items.some((item) => item(document));
    }
    case 'not': {
      const item = predicateOf(condition.item);
      return (document) => !item(document);
    }
    default:
      return leafOf(condition);
  }
}

type Leaf = Exclude<Condition, { readonly kind: 'always' | 'and' | 'or' | 'not' }>;

function leafOf(condition: Leaf): QueryPredicate {
  switch (condition.kind) {
    case 'exists':
      return ({ values }) => values.has(condition.key);
    case 'equals': {
      const texts: ReadonlySet<SearchValue> = new Set(condition.texts);
      return anyValue(condition.key, (value) => texts.has(value));
    }
    case 'like': {
      const fits = wildcardMatcher(condition.pattern);
      return anyValue(condition.key, (value) => typeof value === 'string' && fits(value));
    }
    case 'between': {
      const { key, low, high } = condition;
      return anyValue(key, (value) => typeof value === 'number' && isBetween(value, low, high));
    }
    case 'within': {
      const { key, blocks } = condition;
      return anyValue(key, (value) => blocks.some(({ low, high }) => value >= low && value <= high));
    }
    case 'words':
      return anyText(condition.scope, (text) => text.includes(condition.words));
    case 'line': {
      const fits = wildcardMatcher(condition.pattern);
      return anyText(condition.scope, (text) => text !== '' && text.split('\n').some(fits));
    }
    default:
      return condition satisfies never;
  }
}

const anyValue =
  (key: string, holds: (value: SearchValue) => boolean): QueryPredicate =>
  ({ values }) =>
    values.get(key)?.some(holds) ?? false;

const anyText = (scope: TextScope, holds: (text: string) => boolean): QueryPredicate =>
  scope === 'message' ? ({ message }) => holds(message) : (document) => holds(document.message) || holds(document.rest);
