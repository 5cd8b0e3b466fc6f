import type { AvroNode } from './avro-node.ts';

/**
 * Whether bytes are long enough for what they say of themselves. The decoder believes a list's length before it looks how
 * many bytes there are: five bytes could make it fill all memory. This walks over them without making anything.
 */
export function withinBounds(node: AvroNode): (bytes: Buffer, from: number) => boolean {
  const walk = walker(node, new Map());
  return (bytes, from) => {
    try {
      return walk({ bytes, at: from });
    } catch (error) {
      if (error instanceof RangeError) return false;
      throw error;
    }
  };
}

interface Place {
  readonly bytes: Buffer;
  at: number;
}
/** False as soon as something does not fit. */
type Walk = (place: Place) => boolean;

function walker(node: AvroNode, done: Map<AvroNode, Walk>): Walk {
  switch (node.kind) {
    case 'json':
      return text;
    case 'plain':
      return plainWalks[node.type] ?? varint;
    case 'array':
      return list(walker(node.items, done));
    case 'union':
      return union(node.branches.map((branch) => walker(branch, done)));
    case 'name':
      return walker(node.node(), done);
    case 'record':
      return recordWalk(node, done);
    default:
      return node satisfies never;
  }
}

function recordWalk(node: Extract<AvroNode, { kind: 'record' }>, done: Map<AvroNode, Walk>): Walk {
  const known = done.get(node);
  if (known) return known;
  const walks: Walk[] = [];
  const walk: Walk = (place) => {
    for (const each of walks) if (!each(place)) return false;
    return true;
  };
  done.set(node, walk);
  for (const { node: member } of node.fields) walks.push(walker(member, done));
  return walk;
}

const list =
  (item: Walk): Walk =>
  (place) => {
    for (;;) {
      let count = long(place);
      if (count === 0) return true;
      if (count < 0) {
        count = -count;
        long(place);
      }
      // Every item of ours takes a byte at least.
      if (!(count <= place.bytes.length - place.at)) return false;
      for (; count > 0; count--) if (!item(place)) return false;
    }
  };

const union =
  (branches: readonly Walk[]): Walk =>
  (place) =>
    branches[long(place)]?.(place) ?? false;

const skip =
  (size: number): Walk =>
  (place) => {
    place.at += size;
    return place.at <= place.bytes.length;
  };

const text: Walk = (place) => {
  const length = long(place);
  if (!(length >= 0)) return false;
  place.at += length;
  return place.at <= place.bytes.length;
};

const varint: Walk = (place) => {
  const { bytes } = place;
  while (place.at < bytes.length) if (((bytes[place.at++] as number) & 0x80) === 0) return true;
  return false;
};

const plainWalks: Readonly<Record<string, Walk>> = {
  null: () => true,
  boolean: skip(1),
  float: skip(4),
  double: skip(8),
  bytes: text,
  string: text,
};

/** A zigzag number; throws `RangeError` where the bytes end first. */
function long(place: Place): number {
  const { bytes } = place;
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    const byte = bytes[place.at++];
    if (byte === undefined || scale > 2 ** 63) throw new RangeError('the bytes end inside a number');
    value += (byte & 0x7f) * scale;
    if (byte < 0x80) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
