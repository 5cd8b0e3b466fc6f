import { isJsonObject, type Json } from '../json.ts';
import { type SignalToShow, signalResource } from '../signal/api-shape.ts';
import type { SignalSnapshot } from '../signal/snapshot.ts';
import { type Triage, untriaged } from '../signal/triage.ts';
import { addressKey } from './addresses.ts';
import { foldedLines, searchable } from './folded-text.ts';
import { numberIn, timeIn } from './query-bounds.ts';
import { type SearchField, searchField, searchFields } from './search-fields.ts';

/** A snapshot searches like a signal that nobody has touched. */
export type SearchedSignal = SignalSnapshot & { readonly triage?: Triage; readonly closed?: boolean };

/** A value as text; where it is a number (or reads like one, or is a time of a declared field), the number stands beside it. */
export type SearchValue = string | number;

/** Everything about a signal that queries see: the predicate asks it in memory, the read model stores it. */
export interface SearchDocument {
  /**
   * By key: `@path` for attributes, the key of a tag, the name of a declared field. A key without values is an object with
   * something in it. `addressesKey` holds the addresses of a key.
   */
  readonly values: ReadonlyMap<string, readonly SearchValue[]>;
  /** Title and message for free text, as `foldedLines` writes them. */
  readonly message: string;
  /** The same of attributes and tags: `*:term` looks here and in `message`. */
  readonly rest: string;
}

/** No tag and no attribute can have such a key. */
export const addressesKey = (key: string): string => `cidr:${key}`;

/** The document of a signal; one object of a signal is read once. Samples are not searched. */
export function searchDocument(signal: SearchedSignal): SearchDocument {
  const held = documents.get(signal);
  if (held) return held;
  const document = new SignalDocument(signal);
  documents.set(signal, document);
  return document;
}
const documents = new WeakMap<SearchedSignal, SearchDocument>();

/** A signal of which nothing is known but one value of one key. */
export function documentOfValue(key: string, text: string): SearchDocument {
  const found: Collected = new Map();
  const values = valuesAt(found, key);
  addScalar(values, text);
  if (searchField(key)?.type === 'time') addTimes(values);
  withAddresses(found);
  return { values: listed(found), message: '', rest: '' };
}

class SignalDocument implements SearchDocument {
  readonly #signal: SearchedSignal;
  #values: ReadonlyMap<string, readonly SearchValue[]> | undefined;
  #message: string | undefined;
  #rest: string | undefined;

  constructor(signal: SearchedSignal) {
    this.#signal = signal;
  }

  get values(): ReadonlyMap<string, readonly SearchValue[]> {
    this.#values ??= valuesOf({ triage: untriaged, ...this.#signal });
    return this.#values;
  }

  get message(): string {
    this.#message ??= foldedLines([this.#signal.title, this.#signal.message]);
    return this.#message;
  }

  get rest(): string {
    this.#rest ??= foldedLines(
      [...this.values].flatMap(([key, values]) => (key.startsWith('@') || key === 'tags' ? values.filter(isText) : [])),
    );
    return this.#rest;
  }
}

const isText = (value: SearchValue): value is string => typeof value === 'string';
type Collected = Map<string, Set<SearchValue>>;

function valuesOf(signal: SignalToShow): ReadonlyMap<string, readonly SearchValue[]> {
  const { id, attributes } = signalResource(signal);
  const { samples: _, ...custom } = attributes.custom;
  const { tags, timestamp } = attributes;
  const byPath: Collected = new Map();
  collect(byPath, '', { id, tags, timestamp, custom });
  const found: Collected = new Map();
  for (const [path, values] of byPath) if (path.startsWith('custom.')) found.set(`@${path.slice(7)}`, values);
  const byTag = tagsByKey(signal.tags);
  for (const [key, values] of byTag) if (!searchField(key)) found.set(key, values);
  for (const field of searchFields) declare(found, field, { byPath, byTag });
  withAddresses(found);
  return listed(found);
}

const listed = (found: Collected): ReadonlyMap<string, readonly SearchValue[]> =>
  new Map([...found].map(([key, values]) => [key, [...values]]));

/** Whether there was anything in the value. */
function collect(into: Collected, path: string, value: Json): boolean {
  if (value === null) return false;
  if (isJsonObject(value)) {
    let some = false;
    for (const [name, inner] of Object.entries(value))
      if (collect(into, path === '' ? searchable(name) : `${path}.${searchable(name)}`, inner)) some = true;
    if (some) valuesAt(into, path);
    return some;
  }
  if (typeof value === 'object') {
    let some = false;
    for (const item of value) if (collect(into, path, item)) some = true;
    return some;
  }
  addScalar(valuesAt(into, path), value);
  return true;
}

function valuesAt(into: Collected, key: string): Set<SearchValue> {
  const found = into.get(key) ?? new Set();
  into.set(key, found);
  return found;
}

function addScalar(values: Set<SearchValue>, value: string | number | boolean): void {
  values.add(searchable(String(value)));
  const number = typeof value === 'number' ? value : typeof value === 'string' ? numberIn(value) : undefined;
  if (number !== undefined) values.add(number);
}

/** `env:prod` is the value `prod` of `env`; a tag without a colon is only itself. */
function tagsByKey(tags: readonly string[]): Collected {
  const byKey: Collected = new Map();
  for (const tag of tags) {
    const colon = tag.indexOf(':');
    if (colon > 0 && !tag.startsWith('@'))
      addScalar(valuesAt(byKey, searchable(tag.slice(0, colon))), tag.slice(colon + 1));
  }
  return byKey;
}

function declare(
  found: Collected,
  { name, paths, tag, type }: SearchField,
  { byPath, byTag }: { readonly byPath: Collected; readonly byTag: Collected },
): void {
  const sets = [...paths.map((path) => byPath.get(path)), tag === undefined ? undefined : byTag.get(tag)];
  const values = new Set(sets.flatMap((set) => (set ? [...set] : [])));
  if (type === 'time') addTimes(values);
  if (sets.some((set) => set !== undefined)) found.set(name, values);
}

function addTimes(values: Set<SearchValue>): void {
  for (const value of [...values]) {
    const time = isText(value) ? timeIn(value) : undefined;
    if (time !== undefined) values.add(time);
  }
}

function withAddresses(found: Collected): void {
  for (const [key, values] of [...found]) {
    const addresses = [...values].flatMap((value) => (isText(value) ? (addressKey(value) ?? []) : []));
    if (addresses.length > 0) found.set(addressesKey(key), new Set(addresses));
  }
}
