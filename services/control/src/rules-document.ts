import { type Document, isAlias, isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml';
import { pathText, type Problem } from './problem.ts';

type Path = readonly PropertyKey[];
/** YAML that unfolds its aliases beyond this is an attack, not a configuration. */
const maxAliasCount = 100;

/** The text of a rules file with the place of everything in it. */
export class RulesDocument {
  readonly #lines = new LineCounter();
  readonly #document: Document;

  constructor(text: string) {
    // Pretty errors quote the line, and a line may hold a secret.
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false, version: '1.2' });
  }

  /** Mistakes in the YAML itself. While there are any, `value` means nothing. */
  problems(): readonly Problem[] {
    const { errors, warnings } = this.#document;
    return [...errors, ...warnings].map(({ pos: [offset], code, message }) => ({
      ...this.#at(offset),
      path: '',
      message: code === 'DUPLICATE_KEY' ? 'this key is written twice: keep one' : `not readable as YAML: ${message}`,
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
