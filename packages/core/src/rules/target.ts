/** A value written in a target. Objects and arrays are written as JSON text. */
export type TargetArgument = string | number | boolean;

export type Target =
  | { readonly ok: true; readonly kind: 'sink'; readonly handle: string }
  | {
      readonly ok: true;
      readonly kind: 'workflow';
      /** Of the workflow, without `workflow-`. */
      readonly handle: string;
      /** As written; `bindInputs` checks them against the workflow and fills in defaults. */
      readonly arguments: Readonly<Record<string, TargetArgument>>;
    }
  /** `position` counts UTF-16 code units from 0. */
  | { readonly ok: false; readonly message: string; readonly position: number };

/** Handles that begin so name workflows, never sinks. */
export const workflowPrefix = 'workflow-';

/**
 * Reads the target of a notification rule: `@slack-secops`, `@console`, `@workflow-contain(host="web-1", level=2, page=true)`.
 * Parentheses belong to workflows alone. Nothing is looked up here: whether the handle exists is the caller's question.
 */
export function parseTarget(text: string): Target {
  try {
    return new TargetScanner(text).target();
  } catch (error) {
    if (error instanceof Misread) return { ok: false, message: error.message, position: error.position };
    throw error;
  }
}

/** Never leaves this file. */
class Misread extends Error {
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

const escapes: Readonly<Record<string, string>> = { '"': '"', '\\': '\\', n: '\n', t: '\t' };

class TargetScanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  target(): Target {
    if (this.#take(/@/y) === undefined) this.#fail('a target begins with @, as in @slack-secops');
    const handle =
      this.#take(/[a-z0-9][a-z0-9._-]*/y) ??
      this.#fail('after @ comes a handle of lower-case letters, digits, ".", "_" and "-"');
    if (handle.length > 63 + workflowPrefix.length) this.#fail('a handle has at most 63 characters');
    if (!handle.startsWith(workflowPrefix)) return this.#sink(handle);
    if (handle === workflowPrefix) this.#fail('the handle of the workflow is missing, as in @workflow-contain');
    const written = this.#peek() === '(' ? this.#arguments() : new Map<string, TargetArgument>();
    this.#end();
    return {
      ok: true,
      kind: 'workflow',
      handle: handle.slice(workflowPrefix.length),
      arguments: Object.fromEntries(written),
    };
  }

  #sink(handle: string): Target {
    if (this.#peek() === '(') this.#fail('only @workflow-… targets take arguments in parentheses');
    this.#end();
    return { ok: true, kind: 'sink', handle };
  }

  #arguments(): ReadonlyMap<string, TargetArgument> {
    const written = new Map<string, TargetArgument>();
    this.#expect('(');
    this.#space();
    if (this.#peek() !== ')')
      do {
        this.#space();
        const start = this.#at;
        const name = this.#take(/[A-Za-z_][A-Za-z0-9_]*/y) ?? this.#fail('the name of an input is expected');
        if (written.has(name)) this.#fail(`"${name}" is given twice`, start);
        this.#space();
        this.#expect('=');
        this.#space();
        written.set(name, this.#value());
        this.#space();
      } while (this.#take(/,/y) !== undefined);
    this.#expect(')');
    return written;
  }

  #value(): TargetArgument {
    if (this.#peek() === '"') return this.#string();
    const start = this.#at;
    const word = this.#take(/[^\s,()"]+/y) ?? this.#fail('a value is expected: "text", a number, true or false');
    if (word === 'true' || word === 'false') return word === 'true';
    if (!/^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word))
      return this.#fail('write text in double quotes; only numbers, true and false go without', start);
    const number = Number(word);
    // A number that a double cannot hold exactly enough would reach the workflow changed.
    if (!Number.isFinite(number) || (/^-?\d+$/.test(word) && !Number.isSafeInteger(number)))
      return this.#fail('this number is too large to be kept exactly; write it as text in double quotes', start);
    return number;
  }

  #string(): string {
    const start = this.#at;
    this.#expect('"');
    let value = '';
    for (let next = this.#next(start); next !== '"'; next = this.#next(start))
      value +=
        next !== '\\'
          ? next
          : (escapes[this.#next(start)] ?? this.#fail('after \\ comes one of " \\ n t', this.#at - 1));
    return value;
  }

  #next(start: number): string {
    const next = this.#text[this.#at];
    if (next === undefined) return this.#fail('the closing double quote is missing', start);
    this.#at += 1;
    return next;
  }

  #peek(): string | undefined {
    return this.#text[this.#at];
  }

  #take(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  #space(): void {
    this.#take(/[ \t]*/y);
  }

  #expect(character: string): void {
    if (this.#peek() !== character)
      this.#fail(`"${character}" is expected${this.#at < this.#text.length ? '' : ', but the target ends'}`);
    this.#at += 1;
  }

  #end(): void {
    if (this.#at === this.#text.length) return;
    this.#fail(
      /\s/.test(this.#text[this.#at] ?? '')
        ? 'a target has no spaces around it; write one target an entry'
        : `"${this.#text[this.#at]}" cannot stand here`,
    );
  }

  #fail(message: string, position = this.#at): never {
    throw new Misread(message, position);
  }
}
