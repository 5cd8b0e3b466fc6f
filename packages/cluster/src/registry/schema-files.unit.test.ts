import type { JsonObject } from '@tocsin/core';
import { describe, expect, it } from 'vitest';
import { planSchemas, releaseAll, type SchemaFolder, schemaText } from './schema-files.ts';

const record = (...fields: readonly JsonObject[]): JsonObject => ({ type: 'record', name: 'Thing', fields });
const id = { name: 'id', type: 'string' };
const mood = { name: 'mood', type: ['null', 'string'], default: null };
const folder = (...versions: readonly JsonObject[]): SchemaFolder => ({
  files: new Map(versions.map((avro, at) => [`things-Thing/v${at + 1}.avsc`, schemaText(avro)])),
  released: {},
});
const released = (...versions: readonly JsonObject[]): SchemaFolder => {
  const whole = folder(...versions);
  return { ...whole, released: releaseAll(whole) };
};
const plan = (avro: JsonObject, there: SchemaFolder, ...next: readonly string[]) => {
  const { write, remove, problems } = planSchemas([{ subject: 'things-Thing', avro }], there, new Set(next));
  return { write: Object.fromEntries(write), remove, problems };
};
const nothing = { write: {}, remove: [], problems: [] };

describe('a schema that nobody has seen', () => {
  it('is written, and kept up with the vocabulary', () => {
    expect(plan(record(id), folder())).toEqual({
      ...nothing,
      write: { 'things-Thing/v1.avsc': schemaText(record(id)) },
    });
    expect(plan(record(id, mood), folder(record(id))).write).toEqual({
      'things-Thing/v1.avsc': schemaText(record(id, mood)),
    });
    expect(plan(record(id), folder(record(id)))).toEqual(nothing);
  });

  it('is removed with its record', () => {
    expect(planSchemas([], folder(record(id)), new Set()).remove).toEqual(['things-Thing/v1.avsc']);
  });
});

describe('a released schema', () => {
  it('stays as it is: a change needs a new version, and somebody who wants it', () => {
    expect(plan(record(id), released(record(id)))).toEqual(nothing);
    const { write, problems } = plan(record(id, mood), released(record(id)));
    expect(write).toEqual({});
    expect(problems).toEqual([expect.stringContaining('npm run gen -- --next things-Thing')]);
    for (const next of ['things-Thing', 'all'])
      expect(plan(record(id, mood), released(record(id)), next)).toEqual({
        ...nothing,
        write: { 'things-Thing/v2.avsc': schemaText(record(id, mood)) },
      });
  });

  it('stays when its record goes', () => {
    expect(planSchemas([], released(record(id)), new Set())).toMatchObject({ remove: [], problems: [] });
  });

  it('is missed when it is gone or changed', () => {
    const whole = released(record(id));
    expect(plan(record(id), { ...whole, files: new Map() }).problems).toEqual([expect.stringContaining('it is gone')]);
    const changed = new Map([...whole.files].map(([path, text]) => [path, `${text} `]));
    expect(plan(record(id), { ...whole, files: changed }).problems[0]).toContain('it was changed');
  });

  it('is read by all that come after it', () => {
    const required = { name: 'mood', type: 'string' };
    expect(plan(record(id, required), released(record(id)), 'all').problems).toEqual([
      expect.stringMatching(/v2\.avsc cannot read what was written by schemas\/things-Thing\/v1\.avsc: .*mood/),
    ]);
    // The second can be read by the third, but not the first.
    const third = { name: 'mood', type: 'string', default: '' };
    const other = { name: 'mood', type: ['null', 'long'], default: null };
    expect(plan(record(id, third), released(record(id, other), record(id)), 'all').problems).toEqual([
      expect.stringContaining('v1.avsc'),
    ]);
  });
});

it('finds what is not its own', () => {
  const files = new Map([['things-Thing/notes.avsc', '{}']]);
  expect(planSchemas([], { files, released: {} }, new Set()).problems).toEqual([expect.stringContaining('remove it')]);
});
