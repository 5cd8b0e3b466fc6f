import { isJsonObject, type Json, type JsonObject } from '@tocsin/core';
import { type Maybe, objectAt, textOf, valueAt } from '../attribute-reading.ts';

/** Where an alert lies inside what people send: an indexer hit, an active response, an IRIS case, a Graylog search. */
const wrappings = [['_source'], ['parameters', 'alert'], ['alert_source_content'], ['message']];

export function unwrapped(line: Json): JsonObject {
  if (isJsonObject(line) && hasRule(line)) return line;
  for (const path of wrappings) {
    const inner = objectAt(line, ...path);
    if (inner && (hasRule(inner) || path[0] === '_source')) return inner;
  }
  return isJsonObject(line) ? line : {};
}

const ruleKeys = ['id', 'level', 'description', 'title'];

/** A rule that says at least one of id, level and description. */
export const hasRule = (alert: JsonObject): boolean =>
  ruleKeys.some((key) => readerOf(alert)(`rule.${key}`) !== undefined);

/** Reads by the dotted path of the nested form, whichever form the alert has. */
export type Read = (path: string) => Maybe;
export const readerOf = (alert: JsonObject): Read =>
  isJsonObject(valueAt(alert, 'rule'))
    ? (path) => valueAt(alert, ...placeOf(path).steps)
    : (path) => valueAt(alert, placeOf(path).key);

interface Place {
  readonly steps: readonly string[];
  readonly key: string;
}
/** All paths are constants of this folder, so that there are few of them and each is taken apart once. */
const places = new Map<string, Place>();

function placeOf(path: string): Place {
  const known = places.get(path);
  if (known) return known;
  const place = { steps: path.split('.'), key: path.replaceAll('.', '_') };
  places.set(path, place);
  return place;
}

const placeholders = new Set(['-', 'n/a', '(null)', 'null', 'none', 'unknown']);

/** The first path that says something; Windows writes `-` for nothing, Graylog `N/A`. */
export function firstOf(read: Read, paths: readonly string[]): string | undefined {
  for (const path of paths) {
    const text = textOf(read(path))?.trim();
    if (text !== undefined && !placeholders.has(text.toLowerCase())) return text;
  }
  return undefined;
}

/** Graylog joins lists with commas. */
export function listOf(read: Read, path: string): readonly string[] {
  const value = read(path);
  const texts = Array.isArray(value) ? value.map(textOf) : (textOf(value)?.split(/,\s*/) ?? []);
  return texts.filter((text) => text !== undefined && text !== '') as readonly string[];
}
