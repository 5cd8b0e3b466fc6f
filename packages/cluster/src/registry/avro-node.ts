import type { AvroType, JsonObject } from '@tocsin/core';

/** What an Avro schema is made of, names resolved. */
export type AvroNode =
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly AvroMember[] }
  | { readonly kind: 'array'; readonly items: AvroNode }
  | { readonly kind: 'union'; readonly branches: readonly AvroNode[] }
  | { readonly kind: 'json' }
  | { readonly kind: 'plain'; readonly type: string }
  /** A record that is used inside itself, or a second time. */
  | { readonly kind: 'name'; readonly node: () => AvroNode };
export interface AvroMember {
  readonly name: string;
  readonly node: AvroNode;
}

/** Reads a schema as it is written. Throws on what our records never hold: maps and fixed. */
export function avroNode(schema: AvroType, named = new Map<string, AvroNode>(), namespace = ''): AvroNode {
  if (Array.isArray(schema))
    return { kind: 'union', branches: schema.map((branch: AvroType) => avroNode(branch, named, namespace)) };
  if (typeof schema === 'string') return primitives.has(schema) ? plain(schema) : reference(schema, named, namespace);
  const about = schema as JsonObject;
  if (about.type === 'record') return recordNode(about, named, namespace);
  if (about.type === 'array') return { kind: 'array', items: avroNode(about.items as AvroType, named, namespace) };
  if (about.type === 'enum') {
    const node = plain('enum');
    named.set(fullName(about, namespace).name, node);
    return node;
  }
  if (about.logicalType === 'json') return { kind: 'json' };
  if (about.type === 'map' || about.type === 'fixed') throw new Error(`it holds a ${about.type}`);
  return avroNode(about.type as AvroType, named, namespace);
}

function recordNode(about: JsonObject, named: Map<string, AvroNode>, namespace: string): AvroNode {
  const { name, inside } = fullName(about, namespace);
  const fields: AvroMember[] = [];
  const node: AvroNode = { kind: 'record', name, fields };
  named.set(name, node);
  for (const each of about.fields as readonly JsonObject[])
    fields.push({ name: String(each.name), node: avroNode(each.type as AvroType, named, inside) });
  return node;
}

function reference(name: string, named: Map<string, AvroNode>, namespace: string): AvroNode {
  const node = named.get(name) ?? named.get(`${namespace}.${name}`);
  if (!node) throw new Error(`it uses ${name}, which it does not define`);
  return node.kind === 'record' ? { kind: 'name', node: () => node } : node;
}

function fullName({ name, namespace }: JsonObject, around: string): { readonly name: string; readonly inside: string } {
  const text = String(name);
  if (text.includes('.')) return { name: text, inside: text.slice(0, text.lastIndexOf('.')) };
  const inside = namespace === undefined ? around : String(namespace);
  return { name: inside === '' ? text : `${inside}.${text}`, inside };
}

const primitives = new Set(['null', 'boolean', 'int', 'long', 'float', 'double', 'bytes', 'string']);
const plain = (type: string): AvroNode => ({ kind: 'plain', type });
