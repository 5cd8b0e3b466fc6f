import type { Json } from '@tocsin/core';
import type { AvroMember, AvroNode } from './avro-node.ts';

type Convert = (value: unknown) => unknown;

/** Between a value as the log has it and as Avro stores it: free JSON is text there, and what is absent is null. */
export interface AvroForm {
  readonly toStored: Convert;
  /** Makes plain objects, whatever the decoder has made. */
  readonly fromStored: Convert;
}

export function avroForm(node: AvroNode): AvroForm {
  return { toStored: storing(node, new Map()) ?? same, fromStored: reading(node, new Map()) ?? same };
}

const same: Convert = (value) => value;
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

/** Undefined where the value is stored as it is. */
function storing(node: AvroNode, done: Map<AvroNode, Convert | undefined>): Convert | undefined {
  switch (node.kind) {
    case 'json':
      return (value) => (value === undefined ? undefined : JSON.stringify(value));
    case 'plain':
      return undefined;
    case 'array':
      return eachOf(storing(node.items, done));
    case 'union':
      return only(node.branches.map((branch) => storing(branch, done)));
    case 'name':
      return storing(node.node(), done);
    case 'record':
      return once(node, done, () => storingRecord(node.fields, done));
    default:
      return node satisfies never;
  }
}

function storingRecord(fields: readonly AvroMember[], done: Map<AvroNode, Convert | undefined>): Convert | undefined {
  const changed = fields.flatMap(({ name, node }) => {
    const convert = storing(node, done);
    return convert ? [{ name, convert }] : [];
  });
  if (changed.length === 0) return undefined;
  return (value) => {
    if (!isRecord(value)) return value;
    const copy = { ...value };
    for (const { name, convert } of changed) if (copy[name] !== undefined) copy[name] = convert(copy[name]);
    return copy;
  };
}

function reading(node: AvroNode, done: Map<AvroNode, Convert | undefined>): Convert | undefined {
  switch (node.kind) {
    case 'json':
      return (value) => JSON.parse(value as string) as Json;
    case 'plain':
      return undefined;
    case 'array':
      return eachOf(reading(node.items, done));
    case 'union':
      return unlessNull(only(node.branches.map((branch) => reading(branch, done))));
    case 'name':
      return reading(node.node(), done);
    case 'record':
      return once(node, done, () => readingRecord(node.fields, done));
    default:
      return node satisfies never;
  }
}

function readingRecord(fields: readonly AvroMember[], done: Map<AvroNode, Convert | undefined>): Convert {
  const members = fields.map(({ name, node }) => ({
    name,
    absent: node.kind === 'union',
    convert: reading(node, done),
  }));
  return (value) => {
    const stored = value as Record<string, unknown>;
    const made: Record<string, unknown> = {};
    for (const { name, absent, convert } of members) {
      const member = stored[name];
      if (absent && member === null) continue;
      made[name] = convert ? convert(member) : member;
    }
    return made;
  };
}

/** A record may hold itself, so its conversion must be known before it is made. */
function once(
  node: AvroNode,
  done: Map<AvroNode, Convert | undefined>,
  make: () => Convert | undefined,
): Convert | undefined {
  if (done.has(node)) return done.get(node);
  let convert: Convert | undefined;
  done.set(node, (value) => (convert ?? same)(value));
  convert = make();
  done.set(node, convert);
  return convert;
}

const eachOf = (convert: Convert | undefined): Convert | undefined =>
  convert && ((items) => (Array.isArray(items) ? items.map(convert) : items));
const unlessNull = (convert: Convert | undefined): Convert | undefined =>
  convert && ((value) => (value === null ? null : convert(value)));

/** Our unions are of null and one other: which of several branches a value is of cannot be seen from it. */
function only(branches: readonly (Convert | undefined)[]): Convert | undefined {
  const found = branches.filter((convert) => convert !== undefined);
  if (found.length > 1) throw new Error('it holds a union of several shapes');
  return found[0];
}
