import type { JsonObject } from '@tocsin/core';
import avsc from 'avsc';

/** As in the log: a union with null is written without the name of its branch. */
export const avroType = (schema: JsonObject): avsc.Type =>
  avsc.Type.forSchema(schema as unknown as avsc.Schema, { wrapUnions: 'never', omitRecordMethods: true });

/** Why who knows `reader` cannot read what was written by `writer`, or undefined if he can. */
export function unreadableBy(reader: JsonObject, writer: JsonObject): string | undefined {
  try {
    avroType(reader).createResolver(avroType(writer));
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
