import { type Document, isAlias, isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import { pathText, type Problem } from './problem.ts';

type Path = readonly PropertyKey[];
/** YAML that unfolds its aliases beyond this is an attack, not a configuration. */
const maxAliasCount = 100;

/** Words of our own: the parser's quote the text, and the text may be a secret. */
const mistakes: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'this alias has no anchor: put text that begins with * or & in quotes',
  BAD_DQ_ESCAPE: 'this escape is not known in double quotes: use single quotes, or write the backslash twice',
  BAD_INDENT: 'the indentation does not fit what is above, or a quote or bracket there is not closed',
  BAD_SCALAR_START: 'text cannot begin so: put it in quotes (as in "@console")',
  BLOCK_AS_IMPLICIT_KEY: 'a list or group cannot stand here: put it on the next line, further in',
  DUPLICATE_KEY: 'this key is written twice: keep one',
  MISSING_CHAR: 'something is not closed here: a quote, a bracket, or a space after ":" or "-"',
  MULTIPLE_DOCS: 'one file is one document: take the second --- out',
  NON_STRING_KEY: 'a key must be text',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
  TAG_RESOLVE_FAILED: 'tags that begin with ! are not known here',
};

/** The text of a rules file with the place of everything in it. */
export class RulesDocument {
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string) {
    this.#document = parseDocument(text, {
      lineCounter: this.#lines,
      prettyErrors: false,
      stringKeys: true,
      version: '1.2',
      logLevel: 'error',
    });
  }

  /** Mistakes in the YAML itself. While there are any, `value` means nothing. */
  problems(): readonly Problem[] {
    const { errors, warnings } = this.#document;
    return [...errors, ...warnings].map(({ pos: [offset], code }) => ({
      ...this.#at(offset),
      path: '',
      message:
        mistakes[code] ?? 'this is not YAML: look at quotes, brackets and indentation here and on the line before',
    }));
  }

  /** The content as plain values. Throws a `ReferenceError` where aliases unfold into too much. */
  value(): unknown {
    return this.#document.toJS({ maxAliasCount });
  }

  problem(path: Path, message: string): Problem {
    return { ...this.#at(this.#offsetOf(path)), path: pathText(path), message };
  }

  /** About a key itself, not about its value. */
  keyProblem(path: Path, key: string, message: string): Problem {
    const node = this.#deepest(path);
    const pair = isMap(node) ? node.items.find((item) => String(item.key) === key) : undefined;
    const offset = isNode(pair?.key) ? pair.key.range?.[0] : undefined;
    return { ...this.#at(offset ?? this.#offsetOf(path)), path: pathText([...path, key]), message };
  }

  #offsetOf(path: Path): number {
    const node = this.#deepest(path);
    return (isNode(node) ? node.range?.[0] : undefined) ?? 0;
  }

  /** The node of a path, or of the last step of it that is there. */
  #deepest(path: Path): unknown {
    let node: unknown = this.#document.contents;
    for (const step of path) {
      const group = isAlias(node) ? node.resolve(this.#document) : node;
      const inner = isMap(group)
        ? group.items.find((item) => String(item.key) === String(step))?.value
        : isSeq(group)
          ? group.items[Number(step)]
          : undefined;
      if (!isNode(inner)) break;
      node = inner;
    }
    return node;
  }

  #at(offset: number): { readonly line: number; readonly column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}
