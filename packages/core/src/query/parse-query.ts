import { type Bound, comparisons, type Query, type QueryKey, type QueryNode, type QueryValue } from './query-node.ts';
import { Misread, problemOf, type QueryProblem } from './query-problem.ts';
import { blockOf, boundOf, checkedBound, keyOf, notARange, refuseWordless, valueIn } from './query-terms.ts';
import { isSpace, keyStop, QueryScanner, type Word } from './query-scanner.ts';

/** Beyond these a text is refused before it costs anything. */
export const queryLimits = { characters: 4096, depth: 16, terms: 256 } as const;

/** A query, or the first thing that is wrong with the text. */
export type ParsedQuery =
  | { readonly ok: true; readonly query: Query }
  | { readonly ok: false; readonly problem: QueryProblem };

/**
 * Reads a query in the documented search syntax (docs/query-language.md). An empty text is the query for every signal. Takes
 * time linear in the text. What is wrong comes back with the range and with what was expected; nothing is thrown.
 */
export function parseQuery(text: string): ParsedQuery {
  try {
    return { ok: true, query: { text, root: new QueryParser(text).root() } };
  } catch (error) {
    if (error instanceof Misread) return { ok: false, problem: problemOf(text, error) };
    throw error;
  }
}

/** The list that a value stands in, or undefined outside of lists. */
type Within = QueryKey | undefined;

const aTerm = 'a word, a key:value or a group';

class QueryParser {
  readonly #scan: QueryScanner;
  #terms = 0;
  #depth = 0;

  constructor(text: string) {
    this.#scan = new QueryScanner(text);
  }

  root(): QueryNode {
    const scan = this.#scan;
    const { length } = scan.text;
    if (length > queryLimits.characters)
      throw new Misread(`at most ${queryLimits.characters} characters`, { from: queryLimits.characters, to: length });
    scan.skipSpace();
    if (scan.ended) return { kind: 'empty', range: { from: 0, to: length } };
    const root = this.#or(undefined);
    if (!scan.ended) throw new Misread('the end, or a ( before this )', { from: scan.at, to: scan.at + 1 });
    return root;
  }

  #or(within: Within): QueryNode {
    const first = this.#and(within);
    const items = [first];
    while (this.#scan.takeKeyword('OR')) items.push(this.#and(within));
    return items.length === 1 ? first : { kind: 'or', items, range: spanning(items) };
  }

  /** Leaves the scanner at OR, at a closing parenthesis or at the end. */
  #and(within: Within): QueryNode {
    const first = this.#signed(within);
    const items = [first];
    const joins: boolean[] = [];
    for (let more = this.#next(); more !== undefined; more = this.#next()) {
      joins.push(more === 'AND');
      items.push(this.#signed(within));
    }
    return items.length === 1 ? first : { kind: 'and', items, joins, range: spanning(items) };
  }

  #next(): 'AND' | 'adjacent' | undefined {
    const scan = this.#scan;
    const spaced = scan.skipSpace() || scan.text[scan.at - 1] === ')';
    if (scan.ended || scan.is(')')) return undefined;
    const { at } = scan;
    if (scan.takeKeyword('OR')) {
      scan.at = at;
      return undefined;
    }
    if (scan.takeKeyword('AND')) return 'AND';
    if (!spaced) throw new Misread('a space here, or \\ before this character', { from: at, to: at + 1 });
    return 'adjacent';
  }

  #signed(within: Within): QueryNode {
    const scan = this.#scan;
    scan.skipSpace();
    const from = scan.at;
    const sign = this.#sign();
    if (sign === undefined) return this.#primary(within);
    const item = this.#nested(from, () => this.#signed(within));
    return { kind: 'not', sign, item, range: { from, to: item.range.to } };
  }

  #sign(): '-' | 'NOT' | undefined {
    const scan = this.#scan;
    if (scan.takeKeyword('NOT')) return 'NOT';
    if (!scan.is('-')) return undefined;
    const next = scan.text.charCodeAt(scan.at + 1);
    if (Number.isNaN(next) || isSpace(next))
      throw new Misread(`${aTerm} right after -`, { from: scan.at, to: scan.at + 1 });
    scan.at += 1;
    return '-';
  }

  #nested<T>(from: number, read: () => T): T {
    this.#depth += 1;
    if (this.#depth > queryLimits.depth)
      throw new Misread(`at most ${queryLimits.depth} levels of nesting`, { from, to: from + 1 });
    const node = read();
    this.#depth -= 1;
    return node;
  }

  #primary(within: Within): QueryNode {
    const scan = this.#scan;
    const from = scan.at;
    if (scan.is('(')) {
      const item = this.#inParentheses(from, within);
      return { kind: 'group', item, range: scan.rangeFrom(from) };
    }
    this.#refuseOperator(within);
    this.#count();
    if (within) return this.#term(within, undefined, from);
    if (scan.text.startsWith('CIDR(', from)) return this.#cidr(from);
    return this.#keyedOrFree(from);
  }

  #refuseOperator(within: Within): void {
    const scan = this.#scan;
    const from = scan.at;
    const expected = within ? `a value of ${within.raw}` : aTerm;
    if (scan.ended || scan.is(')')) throw new Misread(expected, { from, to: Math.min(from + 1, scan.text.length) });
    if (scan.takeKeyword('AND') || scan.takeKeyword('OR'))
      throw new Misread(`${expected} before it`, scan.rangeFrom(from));
  }

  #count(): void {
    this.#terms += 1;
    if (this.#terms > queryLimits.terms)
      throw new Misread(`at most ${queryLimits.terms} terms`, this.#scan.hereToSpace());
  }

  #inParentheses(from: number, within: Within): QueryNode {
    const scan = this.#scan;
    scan.at += 1;
    const item = this.#nested(from, () => this.#or(within));
    if (!scan.take(')')) throw new Misread('a closing )', { from, to: scan.at });
    return item;
  }

  #keyedOrFree(from: number): QueryNode {
    const scan = this.#scan;
    if (scan.is('"')) return this.#free(scan.quoted());
    const word = scan.word(keyStop);
    if (!scan.take(':')) return this.#free(word);
    const key = keyOf(word);
    if (!scan.is('(')) return this.#term(key, key, from);
    const item = this.#inParentheses(scan.at, key);
    return { kind: 'list', key, item, range: scan.rangeFrom(from) };
  }

  #free(word: Word): QueryNode {
    if (word.raw.startsWith('@'))
      throw new Misread(`: and a value after ${word.raw}`, { from: word.range.to, to: word.range.to });
    const value = valueIn(word);
    refuseWordless(value);
    return { kind: 'term', value, range: word.range };
  }

  /** `own`: the key that is written at this very term. */
  #term(key: QueryKey, own: QueryKey | undefined, from: number): QueryNode {
    const value = this.#value(key);
    if (key.name === '*') refuseWordless(value);
    const range = this.#scan.rangeFrom(from);
    return own ? { kind: 'term', key: own, value, range } : { kind: 'term', value, range };
  }

  #value(key: QueryKey): QueryValue {
    const scan = this.#scan;
    const expected = `a value after ${key.raw}:`;
    if (scan.ended) throw new Misread(expected, { from: scan.at, to: scan.at });
    if (scan.is('"')) return valueIn(scan.quoted());
    if (scan.is('[')) return this.#between(key);
    const compared = this.#compare(key);
    if (compared) return compared;
    const word = scan.word('');
    if (word.raw === '') throw new Misread(expected, { from: scan.at, to: scan.at + 1 });
    return valueIn(word);
  }

  /** `<app-name>` is a placeholder that people leave in: text, not a comparison. */
  #compare(key: QueryKey): QueryValue | undefined {
    const scan = this.#scan;
    const from = scan.at;
    const operator = comparisons.find((each) => scan.text.startsWith(each, from));
    if (!operator) return undefined;
    scan.at += operator.length;
    const word = scan.word('');
    const raw = scan.text.slice(from, scan.at);
    if (operator === '<' && raw.endsWith('>')) {
      scan.at = from;
      return undefined;
    }
    const bound = checkedBound(key, word, `right after ${operator}`);
    return { kind: 'compare', operator, bound, raw, range: scan.rangeFrom(from) };
  }

  #between(key: QueryKey): QueryValue {
    const scan = this.#scan;
    const from = scan.at;
    scan.at += 1;
    scan.skipSpace();
    const low = this.#end(key, from);
    scan.skipSpace();
    if (!scan.takeKeyword('TO')) throw notARange(scan, from);
    scan.skipSpace();
    const high = this.#end(key, from);
    scan.skipSpace();
    if (!scan.take(']')) throw notARange(scan, from);
    return { kind: 'between', low, high, raw: `[${low.raw} TO ${high.raw}]`, range: scan.rangeFrom(from) };
  }

  #end(key: QueryKey, from: number): Bound {
    const word = this.#scan.word(']');
    if (word.raw === '') throw notARange(this.#scan, from);
    return word.raw === '*' ? boundOf(word) : checkedBound(key, word, 'or *');
  }

  #cidr(from: number): QueryNode {
    const scan = this.#scan;
    scan.at += 'CIDR('.length;
    scan.skipSpace();
    const word = scan.word(',');
    if (word.raw === '*') throw new Misread('the name of one attribute', word.range);
    const key = keyOf(word);
    const blocks: Bound[] = [];
    for (scan.skipSpace(); scan.take(','); scan.skipSpace()) {
      scan.skipSpace();
      if (blocks.length > 0) this.#count();
      blocks.push(blockOf(scan.word(',')));
    }
    if (blocks.length === 0 || !scan.take(')'))
      throw new Misread('CIDR(@attribute, 10.0.0.0/8, …)', { from, to: Math.min(scan.at + 1, scan.text.length) });
    return { kind: 'cidr', key, blocks, range: scan.rangeFrom(from) };
  }
}

const spanning = (items: readonly QueryNode[]) => ({
  from: items[0]?.range.from ?? 0,
  to: items.at(-1)?.range.to ?? 0,
});
