import type { DetectionFlag, Digest, Json, JsonObject } from '@tocsin/core';
import { isJsonObject } from '@tocsin/core';

const encoder = new TextEncoder();
/** NUL (PostgreSQL stores none) and halves of surrogate pairs (UTF-8 has none). */
const unstorable = /[\0\p{Cs}]/u;
const everyUnstorable = /[\0\p{Cs}]/gu;
const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;

/**
 * Brings text and attributes into the bounds of a detection and remembers what it had to do: `escaped` where a character is
 * now written as `\u0000`, `truncated` where something is missing.
 */
export class Bounds {
  readonly flags = new Set<DetectionFlag>();
  readonly #digest: Digest;

  constructor(digest: Digest) {
    this.#digest = digest;
  }

  /** At most `max` UTF-16 units, never half a character. */
  text(text: string, max: number): string {
    const safe = this.#storable(text);
    if (safe.length <= max) return safe;
    this.flags.add('truncated');
    return cut(safe, max);
  }

  /** Like `text`, but what is too long stays distinct: its tail gives way to a digest. For what identifies. */
  key(text: string, max: number): string {
    const safe = this.#storable(text);
    if (safe.length <= max) return safe;
    this.flags.add('truncated');
    return `${cut(safe, max - 25)}~${this.#digest.sha256(safe).slice(0, 24)}`;
  }

  /** At most `count` different texts, empty ones left out. */
  list(texts: readonly string[], max: number, count: number): readonly string[] {
    const different = [...new Set(texts.map((text) => this.text(text, max)))].filter((text) => text !== '');
    if (different.length <= count) return different;
    this.flags.add('truncated');
    return different.slice(0, count);
  }

  /** At most `maxBytes` of UTF-8 as JSON: long texts and lists are cut first, then the largest parts go. */
  attributes(attributes: JsonObject, maxBytes: number): JsonObject {
    const text = JSON.stringify(attributes);
    const odd = text.includes('\\u') || text.includes('"__proto__"');
    const safe = odd ? (this.#storableTree(attributes) as JsonObject) : attributes;
    if (text.length * 3 <= maxBytes || bytesOf(safe) <= maxBytes) return safe;
    this.flags.add('truncated');
    return shrunk(safe, maxBytes);
  }

  #storable(text: string): string {
    if (!unstorable.test(text)) return text;
    this.flags.add('escaped');
    return text.replace(everyUnstorable, escaped);
  }

  #storableTree(value: Json): Json {
    if (typeof value === 'string') return this.#storable(value);
    if (Array.isArray(value)) return value.map((item) => this.#storableTree(item));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [this.#storableKey(key), this.#storableTree(item)]),
    );
  }

  /** A key that could reach a prototype in careless hands is escaped like a character that cannot be stored. */
  #storableKey(key: string): string {
    if (key !== '__proto__') return this.#storable(key);
    this.flags.add('escaped');
    return '\\u005f_proto__';
  }
}

function cut(text: string, max: number): string {
  const last = text.charCodeAt(max - 1);
  return text.slice(0, last >= 0xd800 && last <= 0xdbff ? max - 1 : max);
}

export const bytesOf = (value: Json): number => encoder.encode(JSON.stringify(value)).length;

/** A piece of valid UTF-8, cut to at most `maxBytes` between two characters. */
export function cutBytes(bytes: Uint8Array, maxBytes: number): Uint8Array {
  let end = Math.min(bytes.length, maxBytes);
  while (end > 0 && end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}

function shrunk(attributes: JsonObject, maxBytes: number): JsonObject {
  for (const limit of [2048, 512, 128]) {
    const smaller = trimmedTree(attributes, limit) as JsonObject;
    if (bytesOf(smaller) <= maxBytes) return smaller;
  }
  return fitting(trimmedTree(attributes, 128) as JsonObject, maxBytes);
}

function trimmedTree(value: Json, limit: number): Json {
  if (typeof value === 'string') return value.length > limit ? `${cut(value, limit)}…` : value;
  if (Array.isArray(value)) return value.slice(0, limit / 8).map((item) => trimmedTree(item, limit));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, trimmedTree(item, limit)]));
}

/** Small parts first, in their old order; the largest part gives up what does not fit, at any depth. */
function fitting(value: JsonObject, maxBytes: number): JsonObject {
  const parts = Object.entries(value).map(([key, part]) => ({ key, part, size: bytesOf(key) + bytesOf(part) + 2 }));
  const kept = new Map<string, Json>();
  let left = maxBytes - 2;
  for (const { key, part, size } of [...parts].sort((a, b) => a.size - b.size)) {
    const room = left - bytesOf(key) - 2;
    if (size <= left) kept.set(key, part);
    else if (isJsonObject(part) && room >= 64) kept.set(key, fitting(part, room));
    else continue;
    left -= bytesOf(key) + bytesOf(kept.get(key) ?? null) + 2;
  }
  return Object.fromEntries(parts.filter(({ key }) => kept.has(key)).map(({ key }) => [key, kept.get(key) ?? null]));
}
