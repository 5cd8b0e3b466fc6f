import type { Json, JsonObject } from '../json.ts';

/**
 * Canonical JSON (RFC 8785): members sorted by UTF-16 code units, numbers as ECMAScript writes them, no white space. One
 * value has one text. NaN, the infinities and what is not JSON throw: a bug upstream. Members that are `undefined` are left out, as
 * `JSON.stringify` does, so that a value reads the same before and after storage.
 *
 * One deviation: the RFC refuses lone surrogates; here they stay, escaped (`\ud800`). Detections carry anything, an audit
 * trail must neither stop at a text nor alter it, and the result is still plain ASCII where they stood.
 */
export function canonical(value: Json): string {
  switch (typeof value) {
    case 'string':
      return quoted(value);
    case 'number':
      return numeral(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return structure(value);
    default:
      throw new TypeError(`${typeof value} is not JSON`);
  }
}

function structure(value: readonly Json[] | JsonObject | null): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return list(value);
  return members(value as JsonObject);
}

function list(items: readonly Json[]): string {
  let text = '[';
  for (let i = 0; i < items.length; i++) {
    if (i > 0) text += ',';
    text += canonical(items[i] as Json);
  }
  return `${text}]`;
}

function members(value: JsonObject): string {
  let text = '{';
  for (const name of sorted(Object.keys(value))) {
    const member = value[name];
    if (member === undefined) continue;
    text += text.length === 1 ? heading(name) : `,${heading(name)}`;
    text += canonical(member);
  }
  return `${text}}`;
}

/** Most objects of ours are built in order: looking costs less than sorting. `<` and `sort` compare UTF-16 code units. */
function sorted(names: string[]): readonly string[] {
  for (let i = 1; i < names.length; i++) if ((names[i - 1] as string) > (names[i] as string)) return names.sort();
  return names;
}

function numeral(value: number): string {
  if (!Number.isFinite(value)) throw new TypeError(`${value} is not JSON`);
  return `${value}`;
}

/** Anything but what stands for itself: quote, backslash, control characters, surrogates. */
const special = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;
/** `JSON.stringify` writes exactly the RFC's escapes; most texts need none. */
const quoted = (text: string): string => (special.test(text) ? JSON.stringify(text) : `"${text}"`);

/** A name and its colon. Few different names are written again and again. */
function heading(name: string): string {
  const known = headings.get(name);
  if (known !== undefined) return known;
  const text = `${quoted(name)}:`;
  if (name.length > longestHeading) return text;
  if (headings.size >= mostHeadings) headings.clear();
  headings.set(name, text);
  return text;
}
const headings = new Map<string, string>();
const mostHeadings = 2_000;
/** Longer ones are hardly ours. */
const longestHeading = 64;
