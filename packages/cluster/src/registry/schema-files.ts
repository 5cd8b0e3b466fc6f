import { createHash } from 'node:crypto';
import type { JsonObject } from '@tocsin/core';
import { unreadableBy } from './schema-compatibility.ts';

/** What lies in the folder `schemas`, by path inside it: `<subject>/v<n>.avsc`. */
export interface SchemaFolder {
  readonly files: ReadonlyMap<string, string>;
  /** SHA-256 of the files that others have seen: they stay as they are for good. */
  readonly released: Readonly<Record<string, string>>;
}

export interface SchemaPlan {
  readonly write: ReadonlyMap<string, string>;
  /** Versions that nobody has seen, of records that there are no longer. */
  readonly remove: readonly string[];
  /** Each says what is wrong and what to do. */
  readonly problems: readonly string[];
}

interface Wanted {
  readonly subject: string;
  readonly avro: JsonObject;
}
interface Version {
  readonly path: string;
  readonly number: number;
  readonly text: string;
  readonly released: boolean;
}
type Placed = { readonly path: string; readonly text: string } | { readonly problem: string };

export const schemaText = (avro: JsonObject): string => `${JSON.stringify(avro, null, 2)}\n`;
export const digestOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** What is to be done so that the newest version of each subject is the one that is wanted; `next` names who may get a new one. */
export function planSchemas(wanted: readonly Wanted[], folder: SchemaFolder, next: ReadonlySet<string>): SchemaPlan {
  const write = new Map<string, string>();
  const problems = [...broken(folder)];
  for (const { subject, avro } of wanted) {
    const versions = versionsOf(folder, subject);
    const placed = place(subject, { text: schemaText(avro), versions, next });
    if ('problem' in placed) {
      problems.push(placed.problem);
      continue;
    }
    if (folder.files.get(placed.path) !== placed.text) write.set(placed.path, placed.text);
    for (const { path, text } of versions.filter((version) => version.path !== placed.path)) {
      const reason = unreadableBy(avro, JSON.parse(text) as JsonObject);
      if (reason !== undefined) problems.push(cannotRead(placed.path, path, reason));
    }
  }
  const subjects = new Set(wanted.map(({ subject }) => subject));
  const remove = [...folder.files.keys()].filter((path) => !subjects.has(subjectOf(path)) && !folder.released[path]);
  return { write, remove, problems };
}

/** The versions of a subject, oldest first. */
export const versionsOf = ({ files, released }: SchemaFolder, subject: string): readonly Version[] =>
  [...files]
    .filter(([path]) => subjectOf(path) === subject)
    .map(([path, text]) => ({ path, text, number: numberOf(path), released: path in released }))
    .sort((a, b) => a.number - b.number);

/** A digest for every file: from now on they all are released. */
export const releaseAll = ({ files, released }: SchemaFolder): Readonly<Record<string, string>> => ({
  ...released,
  ...Object.fromEntries([...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([path, text]) => [path, digestOf(text)])),
});

export const subjectOf = (path: string): string => path.slice(0, path.lastIndexOf('/'));
const numberOf = (path: string): number => Number(/\/v(\d+)\.avsc$/.exec(path)?.[1] ?? Number.NaN);

function place(
  subject: string,
  about: { readonly text: string; readonly versions: readonly Version[]; readonly next: ReadonlySet<string> },
): Placed {
  const { text, versions, next } = about;
  const last = versions.at(-1);
  if (!last) return { path: `${subject}/v1.avsc`, text };
  if (last.text === text || !last.released) return { path: last.path, text };
  const path = `${subject}/v${last.number + 1}.avsc`;
  if (next.has(subject) || next.has('all')) return { path, text };
  return {
    problem: `schemas/${last.path} is released and stays as it is, but the vocabulary has changed: take the change back, or run npm run gen -- --next ${subject} (or --next all), which adds schemas/${path}`,
  };
}

function* broken({ files, released }: SchemaFolder): Generator<string> {
  for (const [path, digest] of Object.entries(released)) {
    const text = files.get(path);
    if (text === undefined) yield `schemas/${path} is released, but it is gone: restore it`;
    else if (digestOf(text) !== digest) yield `schemas/${path} is released, but it was changed: restore it`;
  }
  for (const path of files.keys()) if (Number.isNaN(numberOf(path))) yield `schemas/${path} is no v<n>.avsc: remove it`;
}

const cannotRead = (path: string, earlier: string, reason: string): string =>
  `schemas/${path} cannot read what was written by schemas/${earlier}: ${reason}. Add fields as optional ones, keep what there is, or give the record a new name`;
