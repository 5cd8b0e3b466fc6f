import type { Json, RecordSchema } from '@tocsin/core';
import fc, { type Arbitrary } from 'fast-check';
import type { z } from 'zod';

/** Any value that a record can hold, made from the vocabulary's own checks. */
export function recordValues({ fields, type, alone }: RecordSchema): Arbitrary<unknown> {
  const values = objects(fields);
  if (alone !== undefined) return values.map((value) => value[alone]);
  return type === undefined ? values : values.map((value) => ({ ...value, type }));
}

/** What is absent is no key at all. */
function objects(fields: Readonly<Record<string, { readonly zod: z.ZodType }>>): Arbitrary<Record<string, unknown>> {
  const entries = Object.entries(fields).map(([name, { zod }]) => [name, shapes(zod)] as const);
  const requiredKeys = Object.entries(fields).flatMap(([name, { zod }]) =>
    about(zod).type === 'optional' ? [] : [name],
  );
  return fc.record(Object.fromEntries(entries), { requiredKeys, noNullPrototype: true });
}

interface About {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly element?: z.ZodType;
  readonly entries?: Readonly<Record<string, string>>;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
}
const about = (zod: z.ZodType): About => zod.def as unknown as About;

function shapes(zod: z.ZodType): Arbitrary<unknown> {
  const { type, innerType, element, entries, shape } = about(zod);
  if (innerType && type === 'optional') return shapes(innerType);
  if (element) return fc.array(shapes(element), { maxLength: 3 });
  if (entries) return fc.constantFrom(...Object.values(entries));
  if (shape) return objects(Object.fromEntries(Object.entries(shape).map(([name, each]) => [name, { zod: each }])));
  switch (type) {
    case 'string':
      return fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
    case 'boolean':
      return fc.boolean();
    case 'number':
      return numbers(zod);
    case 'record':
      return fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 4, noNullPrototype: true }).map(asJson);
    case 'lazy':
      return fc.jsonValue().map(asJson);
    default:
      throw new Error(`no values of ${type}`);
  }
}

/** What Avro's library takes: it refuses the last safe integer, and is exact down to -2^52 (a time before the last ice age). */
const [lowest, highest] = [-(2 ** 52), Number.MAX_SAFE_INTEGER - 1];

function numbers(zod: z.ZodType): Arbitrary<number> {
  if (zod.safeParse(0.5).success) return fc.double({ noNaN: true, noDefaultInfinity: true });
  const min = zod.safeParse(-1).success ? lowest : 0;
  return fc.oneof(fc.integer({ min: Math.max(min, -1000), max: 1000 }), fc.integer({ min, max: highest }));
}

/** As JSON has it: no negative zero. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as Json;
