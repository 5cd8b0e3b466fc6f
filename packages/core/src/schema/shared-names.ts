import type { AvroType } from '../field.ts';
import { isJsonObject, type Json, type JsonObject } from '../json.ts';

/**
 * An Avro record in which every name is defined once, in the namespace `inside`, and used by name from then on, as Avro
 * demands. Throws where one name stands for two shapes: that is a mistake in the vocabulary.
 */
export function sharedNames(record: JsonObject, inside: string): JsonObject {
  const defined = new Map<string, string>();
  const fields = (record.fields as readonly JsonObject[]).map((each) => withNames(each, { inside, defined }));
  const { type, name, namespace } = record;
  return { type: type ?? 'record', name: name ?? '', ...(namespace !== undefined && { namespace }), fields };
}

interface Names {
  readonly inside: string;
  /** Names to the text of their definition. */
  readonly defined: Map<string, string>;
}

const withNames = (each: JsonObject, names: Names): JsonObject => ({
  ...each,
  type: named(each.type as AvroType, names) as Json,
});

function named(type: AvroType, names: Names): AvroType {
  if (typeof type === 'string') return type;
  if (isUnion(type)) return type.map((branch) => named(branch, names));
  if (type.type === 'array') return { ...type, items: named(type.items as AvroType, names) as Json };
  return type.type === 'record' || type.type === 'enum' ? definition(type, names) : type;
}

function definition(type: JsonObject, names: Names): AvroType {
  const name = String(type.name);
  const text = JSON.stringify(type);
  const known = names.defined.get(name);
  if (known === text) return `${names.inside}.${name}`;
  if (known !== undefined) throw new Error(`two shapes inside ${names.inside} are called ${name}: rename one of them`);
  names.defined.set(name, text);
  const { fields } = type;
  const place = { ...type, namespace: names.inside };
  return Array.isArray(fields)
    ? { ...place, fields: fields.filter(isJsonObject).map((each) => withNames(each, names)) }
    : place;
}

const isUnion = (type: AvroType): type is readonly AvroType[] => Array.isArray(type);
