import { isJsonObject, type Json, type JsonObject, type RejectionCode, sizes } from '@tocsin/core';
import { parse } from 'lossless-json';

/** A key that stood twice in one object, with the value that the later one displaced. */
export interface Displaced {
  readonly key: string;
  readonly value: Json;
}
export interface ReadValue {
  readonly kind: 'value';
  readonly value: JsonObject;
  /** The bytes as text. */
  readonly text: string;
  /** Of duplicate keys the last one counts, as everywhere in JSON; the earlier ones are kept here. */
  readonly displaced: readonly Displaced[];
}
export interface Unreadable {
  readonly kind: 'unreadable';
  readonly code: RejectionCode;
  readonly message: string;
  /** Byte inside the value, from 0, where that is known. */
  readonly position?: number;
}

const depthLimit = 64;
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
/** A number of 16 digits or more that does not stand right behind a quotation mark: plain parsing may round it. */
const roundable = /[:,[\s-]\d{16}/;

/** Turns the bytes of one value into an object, or says why that is impossible. The only parser of foreign text. */
export function readJson(bytes: Uint8Array): ReadValue | Unreadable {
  if (bytes.length > sizes.inputRecord)
    return unreadable('too_large', `The line has ${bytes.length} bytes, more than ${sizes.inputRecord}`);
  const text = decoded(bytes);
  if (text === undefined) return unreadable('invalid_utf8', 'The bytes are not valid UTF-8', firstBadByte(bytes));
  let value: Json;
  try {
    value = JSON.parse(text);
  } catch {
    return invalidJson(text);
  }
  return checked(value, text, bytes);
}

function checked(value: Json, text: string, bytes: Uint8Array): ReadValue | Unreadable {
  const shape = { keys: 0, finite: true };
  if (!measure(value, 0, shape)) return unreadable('too_deep', `The value is nested deeper than ${depthLimit} levels`);
  if (!shape.finite) return outOfRange(text);
  if (!isJsonObject(value))
    return unreadable('not_an_object', `A detection is a JSON object; this is ${describe(value)}`);
  if (pairsIn(bytes) !== shape.keys) return readWithDuplicates(text);
  const exact = roundable.test(text) ? (JSON.parse(quoteIntegers(text)) as JsonObject) : value;
  return { kind: 'value', value: exact, text, displaced: none };
}
const none: readonly Displaced[] = [];

/** The careful parser, several times slower: it also remembers the values that duplicates displaced. */
function readWithDuplicates(text: string): ReadValue {
  const displaced: Displaced[] = [];
  const value = parse(text, undefined, {
    parseNumber: exactNumber,
    onDuplicateKey: ({ key, oldValue, newValue }) => {
      displaced.push({ key, value: oldValue as Json });
      return newValue;
    },
  });
  return { kind: 'value', value: value as JsonObject, text, displaced };
}

const isUnsafe = (digits: string): boolean => /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits));
const exactNumber = (digits: string): Json => (isUnsafe(digits) ? digits : Number(digits));

/** Valid JSON with its integers beyond 2^53 in quotation marks: they become decimal text instead of being rounded. */
const quoteIntegers = (text: string): string =>
  text.replace(stringOrNumber, (token) =>
    token.length > 15 && !token.startsWith('"') && isUnsafe(token) ? `"${token}"` : token,
  );
const stringOrNumber = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/** Counts keys and finds infinities; false when the nesting is too deep. */
function measure(value: Json, depth: number, shape: { keys: number; finite: boolean }): boolean {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) shape.finite = false;
    return true;
  }
  if (typeof value !== 'object' || value === null) return true;
  if (depth >= depthLimit) return false;
  const entries = Array.isArray(value) ? value : Object.values(value);
  if (!Array.isArray(value)) shape.keys += entries.length;
  for (const entry of entries) if (!measure(entry, depth + 1, shape)) return false;
  return true;
}

/** Pairs of key and value in valid JSON: its colons outside of strings. More pairs than keys means duplicates. */
function pairsIn(bytes: Uint8Array): number {
  let pairs = 0;
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i];
    if (byte === colon) pairs += 1;
    else if (byte === quote) {
      for (i += 1; i < bytes.length && bytes[i] !== quote; i += 1) if (bytes[i] === backslash) i += 1;
    }
  }
  return pairs;
}
const quote = 0x22;
const colon = 0x3a;
const backslash = 0x5c;

const unreadable = (code: RejectionCode, message: string, position?: number): Unreadable => ({
  kind: 'unreadable',
  code,
  message,
  ...(position !== undefined && { position }),
});

/** Says where; the built-in parser's words differ between runtimes, so the careful parser is asked. */
function invalidJson(text: string): Unreadable {
  if (text.trim() === '') return unreadable('invalid_json', 'There is no value here', 0);
  try {
    parse(text);
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : '';
    const found = /^(.*) at position (\d+)$/s.exec(reason);
    if (found) return unreadable('invalid_json', visible(found[1] ?? ''), byteAt(text, Number(found[2])));
  }
  return unreadable('invalid_json', 'This is not valid JSON');
}

function outOfRange(text: string): Unreadable {
  let culprit = '';
  parse(text, undefined, {
    parseNumber: (digits) => {
      if (culprit === '' && !Number.isFinite(Number(digits))) culprit = digits;
      return 0;
    },
    onDuplicateKey: ({ newValue }) => newValue,
  });
  const message = `The number ${culprit.slice(0, 40)} is outside the range of a double`;
  return unreadable('number_out_of_range', message, byteAt(text, text.indexOf(culprit)));
}

const byteAt = (text: string, index: number): number => new TextEncoder().encode(text.slice(0, index)).length;
const visible = (text: string): string => JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').slice(0, 200);
const describe = (value: Json): string =>
  value === null ? 'null' : Array.isArray(value) ? 'an array' : `a ${typeof value}`;

function decoded(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The shortest prefix that is no beginning of valid UTF-8 ends with the culprit. */
function firstBadByte(bytes: Uint8Array): number {
  let good = 0;
  let bad = bytes.length + 1;
  while (bad - good > 1) {
    const middle = (good + bad) >>> 1;
    if (isBeginning(bytes.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return Math.min(good, bytes.length - 1);
}

function isBeginning(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}
