/** Writes the Avro schemas of all records into `schemas` from the field vocabulary, and what older releases wrote into a module. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import {
  planSchemas,
  releaseAll,
  type SchemaFolder,
  type SchemaPlan,
  subjectOf,
  versionsOf,
} from '../../packages/cluster/src/registry/schema-files.ts';
import { recordSchemas } from '../../packages/core/src/schema/record-schemas.ts';

export interface SchemaRequest {
  readonly root: string;
  /** Writes nothing. */
  readonly check: boolean;
  /** Subjects that may get a new version, or `all`. */
  readonly next: ReadonlySet<string>;
  /** From now on nothing of what there is may change. */
  readonly release: boolean;
}

/** Brings the folder up to date, or says what is wrong with it; the texts of earlier versions are for the generated module. */
export function schemas({ root, check, next, release }: SchemaRequest): {
  readonly problems: readonly string[];
  readonly earlier: string;
} {
  const folder = join(root, 'schemas');
  const plan = planSchemas(recordSchemas(), read(folder), next);
  if (check) return { problems: [...plan.problems, ...stale(plan)], earlier: earlierSchemas(read(folder)) };
  if (plan.problems.length === 0) carryOut(folder, plan);
  if (plan.problems.length === 0 && release) writeReleased(folder, releaseAll(read(folder)));
  return { problems: plan.problems, earlier: earlierSchemas(read(folder)) };
}

function read(folder: string): SchemaFolder {
  const paths = existsSync(folder)
    ? readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.avsc'))
    : [];
  const files = new Map(paths.sort().map((path) => [path, readFileSync(join(folder, path), 'utf8')]));
  const list = join(folder, 'released.json');
  const released = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as SchemaFolder['released']) : {};
  return { files, released };
}

const stale = ({ write, remove }: SchemaPlan): readonly string[] =>
  [...write.keys(), ...remove].map((path) => `schemas/${path} is out of date: run npm run gen`);

function carryOut(folder: string, { write, remove }: SchemaPlan): void {
  for (const [path, text] of write) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    console.log(`wrote schemas/${path}`);
  }
  for (const path of remove) {
    rmSync(join(folder, path));
    if (readdirSync(dirname(join(folder, path))).length === 0) rmSync(dirname(join(folder, path)), { recursive: true });
    console.log(`removed schemas/${path}`);
  }
}

function writeReleased(folder: string, released: SchemaFolder['released']): void {
  writeFileSync(join(folder, 'released.json'), `${JSON.stringify(released, null, 2)}\n`);
  console.log(`released ${Object.keys(released).length} schemas`);
}

/** All versions but the newest of each subject: the newest one the vocabulary knows itself. */
function earlierSchemas(folder: SchemaFolder): string {
  const current = new Set(recordSchemas().map(({ subject }) => subject));
  const subjects = [...new Set([...folder.files.keys()].map(subjectOf))];
  const entries = subjects.flatMap((subject) => {
    const versions = versionsOf(folder, subject);
    const earlier = current.has(subject) ? versions.slice(0, -1) : versions;
    return earlier.map(
      ({ text }) => `  { subject: ${JSON.stringify(subject)}, avro: ${JSON.stringify(JSON.parse(text))} },\n`,
    );
  });
  return `import type { JsonObject } from '@tocsin/core';\n
/** What earlier releases wrote, oldest first; the present versions come from the field vocabulary. */
export const earlierSchemas: readonly { readonly subject: string; readonly avro: JsonObject }[] = [\n${entries.join('')}];\n`;
}
