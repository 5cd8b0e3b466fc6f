import { isJsonObject, type Json, type JsonObject } from '@tocsin/core';

/** A value that may be absent, anywhere in what a source wrote. */
export type Maybe = Json | undefined;

/** The value at a path of own keys (a number is a place in a list); undefined where the path leads nowhere. Never throws. */
export function valueAt(json: Maybe, ...path: readonly (string | number)[]): Maybe {
  let value = json;
  for (const step of path) {
    if (Array.isArray(value) && typeof step === 'number') value = value[step];
    else if (isJsonObject(value) && Object.hasOwn(value, step)) value = value[step];
    else return undefined;
  }
  return value;
}

/** Text at a path. Numbers and booleans become text; empty text, null, lists and objects are nothing. */
export function textAt(json: Maybe, ...path: readonly (string | number)[]): string | undefined {
  return textOf(valueAt(json, ...path));
}

export function textOf(value: Maybe): string | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

/** The first of several paths that holds text. */
export function firstText(json: Maybe, ...paths: readonly (readonly (string | number)[])[]): string | undefined {
  for (const path of paths) {
    const text = textAt(json, ...path);
    if (text !== undefined) return text;
  }
  return undefined;
}

/** A finite number at a path, also where it is written as text. */
export function numberAt(json: Maybe, ...path: readonly (string | number)[]): number | undefined {
  const value = valueAt(json, ...path);
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^\s*[+-]?\d+(\.\d+)?\s*$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

/** A list at a path. One value that is no list is a list of itself; nothing and null are the empty list. */
export function listAt(json: Maybe, ...path: readonly (string | number)[]): readonly Json[] {
  const value = valueAt(json, ...path);
  if (value === undefined || value === null) return [];
  return Array.isArray(value) ? value : [value as Json];
}

/** The texts of a list at a path; what is no text is left out. */
export function textsAt(json: Maybe, ...path: readonly (string | number)[]): readonly string[] {
  return listAt(json, ...path)
    .map(textOf)
    .filter((text) => text !== undefined);
}

/** An object at a path; undefined for anything else. */
export function objectAt(json: Maybe, ...path: readonly (string | number)[]): JsonObject | undefined {
  const value = valueAt(json, ...path);
  return isJsonObject(value) ? value : undefined;
}

/** What a source says besides the keys that have been mapped; undefined when nothing is left. */
export function without(json: Maybe, ...keys: readonly string[]): JsonObject | undefined {
  if (!isJsonObject(json)) return undefined;
  const rest: Record<string, Json> = {};
  let empty = true;
  for (const key of Object.keys(json)) {
    const value = json[key];
    if (value === undefined || value === null || keys.includes(key)) continue;
    keep(rest, key, value);
    empty = false;
  }
  return empty ? undefined : rest;
}

/**
 * Nested attributes from dotted paths; absent values leave no trace. A later path never replaces an earlier value. Several
 * sources are taken one after the other: spreading them into one object costs more than all the rest of a mapping.
 */
export function attributesOf(...sources: readonly Readonly<Record<string, Maybe>>[]): JsonObject {
  const root: Branch = {};
  for (const values of sources) {
    for (const path of Object.keys(values)) {
      const value = values[path];
      if (value !== undefined && value !== null && value !== '') place(root, stepsOf(path), value);
    }
  }
  return root as JsonObject;
}

interface Branch {
  [key: string]: Json | Branch;
}
const isBranch = (value: Json | Branch): value is Branch => isJsonObject(value);

function place(root: Branch, steps: readonly string[], value: Json): void {
  let branch = root;
  for (let at = 0; at < steps.length - 1; at += 1) {
    const step = steps[at] ?? '';
    const next = Object.hasOwn(branch, step) ? (branch[step] ?? null) : keep(branch, step, {});
    if (!isBranch(next)) return;
    branch = next;
  }
  const last = steps.at(-1) ?? '';
  if (!Object.hasOwn(branch, last)) keep(branch, last, value);
}

/** Assignment that cannot reach a prototype. */
function keep<T extends Json | Branch>(branch: Branch, key: string, value: T): T {
  if (key === '__proto__')
    Object.defineProperty(branch, key, { value, enumerable: true, writable: true, configurable: true });
  else branch[key] = value;
  return value;
}

/** The paths of detectors are few and fixed; splitting them anew for each line would cost more than all the rest. */
const steps = new Map<string, readonly string[]>();
function stepsOf(path: string): readonly string[] {
  const found = steps.get(path) ?? path.split('.');
  if (steps.size < 1024) steps.set(path, found);
  return found;
}
