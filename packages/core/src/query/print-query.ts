import type { PatternPiece, QueryKey, QueryNode, QueryValue } from './query-node.ts';

/**
 * Writes a query in the order and with the quotes, escapes and operators it was written with; only white space may differ.
 * What it writes parses to the same query.
 */
export function printQuery(node: QueryNode): string {
  switch (node.kind) {
    case 'empty':
      return '';
    case 'and':
      return node.items.map((item, index) => `${joint(node.joins, index)}${printQuery(item)}`).join('');
    case 'or':
      return node.items.map(printQuery).join(' OR ');
    case 'not':
      return node.sign === '-' ? `-${printQuery(node.item)}` : `NOT ${printQuery(node.item)}`;
    case 'group':
      return `(${printQuery(node.item)})`;
    case 'list':
      return `${node.key.raw}:(${printQuery(node.item)})`;
    case 'term':
      return node.key ? `${node.key.raw}:${node.value.raw}` : node.value.raw;
    case 'cidr':
      return `CIDR(${[node.key, ...node.blocks].map(({ raw }) => raw).join(', ')})`;
    default:
      return node satisfies never;
  }
}

const joint = (joins: readonly boolean[], index: number): string =>
  index === 0 ? '' : joins[index - 1] ? ' AND ' : ' ';

const nowhere = { from: 0, to: 0 };
const special = /[\s+\-=&|><!(){}[\]^"~*?:\\#\u00a0\u3000]/g;
const plainValue = /^[\p{L}\p{N}_./][\p{L}\p{N}_./@-]*$/u;
const operators: ReadonlySet<string> = new Set(['AND', 'OR', 'NOT', 'TO']);

/** The key of a field or attribute, escaped as far as it must be. */
export function keyNamed(name: string): QueryKey {
  const raw = name === '*' ? name : escaped(name);
  return { name, raw, range: nowhere };
}

/** A value to be found as it is: plain where that can be read, else in quotes. */
export function valueOfText(text: string): QueryValue & { readonly kind: 'text' } {
  const plain = plainValue.test(text) && !operators.has(text);
  const raw = plain ? text : `"${text.replace(/[\\"]/g, '\\$&')}"`;
  return { kind: 'text', text, raw, range: nowhere };
}

/** A value with wildcards. */
export function valueOfPattern(pattern: readonly PatternPiece[]): QueryValue & { readonly kind: 'pattern' } {
  const raw = pattern.map((piece) => ('wild' in piece ? piece.wild : escaped(piece.literal))).join('');
  return { kind: 'pattern', pattern, raw, range: nowhere };
}

const escaped = (text: string): string => text.replace(special, '\\$&');
