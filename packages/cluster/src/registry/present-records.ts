import { type RecordSchema, recordSchemas } from '@tocsin/core';
import type avsc from 'avsc';
import { type AvroForm, avroForm } from './avro-form.ts';
import { avroNode } from './avro-node.ts';
import { avroType } from './schema-compatibility.ts';

/** A record as this release writes and reads it. */
export interface PresentRecord {
  readonly schema: RecordSchema;
  readonly type: avsc.Type;
  readonly form: AvroForm;
}

export const presentRecord = (schema: RecordSchema): PresentRecord => ({
  schema,
  type: avroType(schema.avro),
  form: avroForm(avroNode(schema.avro)),
});

let made: ReadonlyMap<string, PresentRecord> | undefined;

/** All of them, by the text of their schema. Made once: each type is code that is generated. */
export function presentRecords(): ReadonlyMap<string, PresentRecord> {
  made ??= new Map(recordSchemas().map((schema) => [JSON.stringify(schema.avro), presentRecord(schema)]));
  return made;
}
