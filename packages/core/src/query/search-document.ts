import { isJsonObject, type Json } from '../json.ts';
import { type SignalToShow, signalResource } from '../signal/api-shape.ts';
import type { SignalSnapshot } from '../signal/snapshot.ts';
import { type Triage, untriaged } from '../signal/triage.ts';
import { addressKey } from './addresses.ts';
import { foldedLines, searchable } from './folded-text.ts';
import { numberIn, timeIn } from './query-bounds.ts';
import { searchField, searchFields } from './search-fields.ts';

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

/**
 * The document of a signal; the parts of it are made when they are asked for. Many queries are asked of one signal, then of
 * the next: the last document is kept. Samples are not searched.
 */
export function searchDocument(signal: SearchedSignal): SearchDocument {
  if (latest?.signal !== signal) latest = { signal, document: new SignalDocument(signal) };
  return latest.document;
}
let latest: { readonly signal: SearchedSignal; readonly document: SearchDocument } | undefined;

/** A signal of which nothing is known but one value of one key. */
export function documentOfValue(key: string, text: string): SearchDocument {
  const found: Collected = new Map();
  const values = valuesAt(found, key);
  addScalar(values, text);
  if (searchField(key)?.type === 'time') addTimes(values);
  withAddresses(found);
  return { values: found, message: '', rest: '' };
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
type Values = SearchValue[];
type Collected = Map<string, Values>;

/** Where the values of each declared field are collected: attributes under `@`, the rest under its own name. */
const declared = searchFields.map(({ name, path, tag, type }) => ({
  name,
  key: path?.startsWith('custom.') ? `@${path.slice('custom.'.length)}` : path,
  tag,
  type,
}));

function valuesOf(signal: SignalToShow): ReadonlyMap<string, readonly SearchValue[]> {
  const { id, attributes } = signalResource(signal);
  const { custom, tags, timestamp } = attributes;
  const found: Collected = new Map([['id', [id]]]);
  collect(found, 'timestamp', timestamp);
  collect(found, 'tags', tags);
  for (const [name, value] of Object.entries(custom))
    if (name !== 'samples') collect(found, `@${searchable(name)}`, value);
  const byTag = tagsByKey(signal.tags);
  for (const [key, values] of byTag) if (!searchField(key)) found.set(key, values);
  for (const field of declared) declare(found, field, byTag);
  withAddresses(found);
  return found;
}

/** Whether there was anything in the value. */
function collect(into: Collected, path: string, value: Json): boolean {
  if (value === null) return false;
  if (isJsonObject(value)) {
    let some = false;
    for (const [name, inner] of Object.entries(value))
      if (collect(into, `${path}.${searchable(name)}`, inner)) some = true;
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

function valuesAt(into: Collected, key: string): Values {
  const held = into.get(key);
  if (held) return held;
  const values: Values = [];
  into.set(key, values);
  return values;
}

function addScalar(values: Values, value: string | number | boolean): void {
  add(values, searchable(String(value)));
  const number = typeof value === 'number' ? value : typeof value === 'string' ? numberIn(value) : undefined;
  if (number !== undefined) add(values, number);
}

/** Saves room only: a value that is there twice is found as well. Long lists are not searched for it. */
function add(values: Values, value: SearchValue): void {
  if (values.length > 32 || !values.includes(value)) values.push(value);
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

function declare(found: Collected, { name, key, tag, type }: (typeof declared)[number], byTag: Collected): void {
  const [own, tagged] = [key && found.get(key), tag && byTag.get(tag)];
  const values = own && tagged ? [...new Set([...own, ...tagged])] : own || tagged;
  if (!values) return;
  if (type === 'time') addTimes(values);
  found.set(name, values);
}

function addTimes(values: Values): void {
  for (const value of [...values]) {
    const time = isText(value) ? timeIn(value) : undefined;
    if (time !== undefined) add(values, time);
  }
}

function withAddresses(found: Collected): void {
  for (const [key, values] of [...found]) {
    let addresses: Values | undefined;
    for (const value of values) {
      const address = isText(value) ? addressKey(value) : undefined;
      if (address === undefined) continue;
      if (addresses) add(addresses, address);
      else addresses = [address];
    }
    if (addresses) found.set(addressesKey(key), addresses);
  }
}
