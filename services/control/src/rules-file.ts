import { type ConfigKind, configKinds, isJsonObject, type Json, type JsonObject, settingsObject } from '@tocsin/core';
import type { z } from 'zod';
import { jsonOf } from './control-entry.ts';
import { type CheckSinkConfig, crossCheck, type Item } from './cross-checks.ts';
import { issueText } from './issue-text.ts';
import { nearest, type Problem } from './problem.ts';
import { RulesDocument } from './rules-document.ts';
import { knownKeys, rulesFileShape, type Section, sectionNames, sections, settingNames } from './rules-file-shape.ts';

/** A configuration object as the file wants it. */
export interface WantedObject {
  readonly kind: ConfigKind;
  readonly id: string;
  readonly name: string;
  /** As people write it, for the command. */
  readonly written: JsonObject;
  /** As it is understood, to compare with what there is. */
  readonly value: Json;
}

export type RulesFile =
  | { readonly ok: true; readonly objects: readonly WantedObject[] }
  /** All of them at once, in the order of the file. */
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Reads the text of a rules file. What is not in it, is not wanted; settings that it does not name have their defaults. */
export function parseRulesFile(text: string, checkSinkConfig: CheckSinkConfig): RulesFile {
  const document = new RulesDocument(text);
  const unreadable = document.problems();
  if (unreadable.length > 0) return { ok: false, problems: unreadable };
  const content = contentOf(document);
  if ('problem' in content) return { ok: false, problems: [content.problem] };
  const { error } = rulesFileShape.safeParse(content.value);
  const problems = (error?.issues ?? []).flatMap((issue) => problemsOf(issue, document, content.value));
  const items = itemsOf(content.value);
  crossCheck(items, checkSinkConfig, (path, message) => problems.push(document.problem(path, message)));
  if (problems.length > 0)
    return { ok: false, problems: problems.sort((a, b) => a.line - b.line || a.column - b.column) };
  return { ok: true, objects: [...items.flatMap(wanted), ...settingsIn(content.value)] };
}

type Content = Readonly<Record<string, unknown>>;

function contentOf(document: RulesDocument): { readonly value: Content } | { readonly problem: Problem } {
  try {
    const value = document.value() ?? {};
    if (isJsonObject(value)) return { value };
    return { problem: document.problem([], 'must be a group of keys such as sinks, rules and users') };
  } catch (error) {
    if (!(error instanceof ReferenceError)) throw error;
    return { problem: document.problem([], 'its aliases unfold into far too much: write it out') };
  }
}

function problemsOf(issue: z.core.$ZodIssue, document: RulesDocument, content: Content): readonly Problem[] {
  if (issue.code !== 'unrecognized_keys')
    return [document.problem(issue.path, issueText(issue, isMissing(content, issue.path)))];
  const known = knownKeys(issue.path);
  return issue.keys.map((key) => {
    const near = nearest(key, known);
    return document.keyProblem(
      issue.path,
      key,
      `is not known here: ${near ? `did you mean ${near}?` : `there are ${known.join(', ')}`}`,
    );
  });
}

/** A key that is written without a value is as missing as one that is not written. */
function isMissing(content: unknown, path: readonly PropertyKey[]): boolean {
  let value = content;
  for (const step of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return true;
    value = (value as Readonly<Record<PropertyKey, unknown>>)[step];
  }
  return value === undefined || value === null;
}

function itemsOf(content: Content): readonly Item[] {
  return sectionNames.flatMap((section) => {
    const list = content[section];
    return (Array.isArray(list) ? list : []).flatMap((written: unknown, index) =>
      isJsonObject(written) ? [{ section, index, written, ...parsedOf(section, written) }] : [],
    );
  });
}

function parsedOf(section: Section, written: JsonObject): Pick<Item, 'parsed'> {
  const parsed = configKinds[sections[section]].shape.safeParse(written);
  return parsed.success ? { parsed: { id: naming(section).idOf(parsed.data), value: parsed.data } } : {};
}

/** A kind's own naming; its argument is a value that the kind's own shape has let through. */
const naming = (section: Section) =>
  configKinds[sections[section]] as { idOf(value: unknown): string; nameOf(value: unknown): string };

function wanted({ section, written, parsed }: Item): readonly WantedObject[] {
  if (!parsed) return [];
  const { id, value } = parsed;
  const name = naming(section).nameOf(value);
  return [{ kind: sections[section], id, name, written: jsonOf(written) as JsonObject, value: jsonOf(value) }];
}

function settingsIn(content: Content): readonly WantedObject[] {
  const written = Object.fromEntries(
    settingNames.filter((name) => content[name] !== undefined).map((name) => [name, content[name]]),
  );
  if (Object.keys(written).length === 0) return [];
  const value = jsonOf(settingsObject.parse(written));
  return [{ kind: 'settings', id: 'settings', name: 'settings', written: jsonOf(written) as JsonObject, value }];
}
