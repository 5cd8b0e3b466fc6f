import type { Query, QueryKey, QueryNode, TextRange } from './query-node.ts';
import { searchField } from './search-fields.ts';

/** Something that can be read but is hardly meant. */
export interface QueryHint {
  readonly range: TextRange;
  /** One sentence. */
  readonly message: string;
}

/**
 * What to tell whoever wrote a query that finds less than expected: values that a field never has, operators in small letters.
 * Empty for a query that shows no such thing.
 */
export const queryHints = ({ root }: Query): readonly QueryHint[] => hintsOf(root, undefined);

function hintsOf(node: QueryNode, list: QueryKey | undefined): readonly QueryHint[] {
  switch (node.kind) {
    case 'and':
    case 'or':
      return node.items.flatMap((item) => hintsOf(item, list));
    case 'not':
    case 'group':
      return hintsOf(node.item, list);
    case 'list':
      return hintsOf(node.item, node.key);
    case 'term':
      return termHints(node, list);
    case 'empty':
    case 'cidr':
      return [];
    default:
      return node satisfies never;
  }
}

const operators: ReadonlySet<string> = new Set(['and', 'or', 'not']);

function termHints(
  { key, value }: QueryNode & { readonly kind: 'term' },
  list: QueryKey | undefined,
): readonly QueryHint[] {
  if (value.kind !== 'text') return [];
  const { text, raw, range } = value;
  const asked = key ?? list;
  const values = asked && searchField(asked.name)?.ranks;
  if (asked && values && !values.includes(text))
    return [{ range, message: `${asked.raw} is never "${text}": it is one of ${values.join(', ')}.` }];
  if (key || raw !== text || !operators.has(text)) return [];
  const operator = text.toUpperCase();
  return [
    {
      range,
      message: `"${text}" is looked for as a word: write ${operator} to combine, "${text}" in quotes to find it.`,
    },
  ];
}
