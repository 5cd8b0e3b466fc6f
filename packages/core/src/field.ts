import { z } from 'zod';
import type { Json, JsonObject } from './json.ts';
import type { Instant } from './time.ts';

/** One declaration of a value: how it is checked (zod) and how it is stored (Avro). */
export interface Field<T> {
  readonly zod: z.ZodType<T>;
  readonly avro: AvroType;
  /** True for `optional`: the key may be absent; Avro stores null and gets a null default. */
  readonly absent?: true;
}
export type AvroType = string | JsonObject | readonly AvroType[];
export type Fields = Readonly<Record<string, Field<unknown>>>;

type OptionalKeys<F extends Fields> = { [K in keyof F]: F[K] extends { readonly absent: true } ? K : never }[keyof F];
type Inner<X> = X extends Field<infer T> ? T : never;
/** The TypeScript form of a set of fields; an `optional` field is an optional key. */
export type ValueOf<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalKeys<F>>]: Inner<F[K]>;
} & { readonly [K in OptionalKeys<F>]?: Inner<F[K]> };

const make = <T>(zod: z.ZodType<T>, avro: AvroType): Field<T> => ({ zod, avro });

const jsonShape: z.ZodType<Json> = z.json() as z.ZodType<Json>;

/** The whole vocabulary. A new kind of value is added here and nowhere else. */
export const field = {
  /** Text of at most `max` UTF-16 code units. */
  text: (limits: { readonly max: number; readonly min?: number }): Field<string> =>
    make(
      z
        .string()
        .min(limits.min ?? 0)
        .max(limits.max),
      'string',
    ),
  /** A non-negative safe integer. */
  count: (): Field<number> => make(z.int().nonnegative(), 'long'),
  integer: (): Field<number> => make(z.int(), 'long'),
  number: (): Field<number> => make(z.number(), 'double'),
  flag: (): Field<boolean> => make(z.boolean(), 'boolean'),
  instant: (): Field<Instant> => make(z.int(), { type: 'long', logicalType: 'timestamp-millis' }),
  /** Milliseconds. */
  duration: (): Field<number> => make(z.int().nonnegative(), 'long'),
  oneOf: <const V extends readonly [string, ...string[]]>(name: string, values: V): Field<V[number]> =>
    make(z.enum(values) as unknown as z.ZodType<V[number]>, { type: 'enum', name, symbols: values }),
  list: <T>(item: Field<T>, limits: { readonly max: number }): Field<readonly T[]> =>
    make(z.array(item.zod).max(limits.max) as unknown as z.ZodType<readonly T[]>, { type: 'array', items: item.avro }),
  /** A named group of fields. */
  object: <F extends Fields>(name: string, fields: F): Field<ValueOf<F>> =>
    make(shapeOf(fields), recordOf(name, fields)),
  /** Free JSON. Avro stores its text, because Avro has no such type. */
  json: (): Field<Json> => make(jsonShape, { type: 'string', logicalType: 'json' }),
  jsonObject: (): Field<JsonObject> =>
    make(z.record(z.string(), jsonShape) as unknown as z.ZodType<JsonObject>, { type: 'string', logicalType: 'json' }),
  optional: <T>(inner: Field<T>): Field<T> & { readonly absent: true } => ({
    zod: inner.zod.optional() as unknown as z.ZodType<T>,
    avro: ['null', inner.avro],
    absent: true,
  }),
} as const;

/** The zod form of a set of fields. Unknown keys are dropped, so that an old reader survives a newer writer. */
export function shapeOf<F extends Fields>(fields: F): z.ZodType<ValueOf<F>> {
  const shape = Object.fromEntries(Object.entries(fields).map(([name, { zod }]) => [name, zod]));
  return z.object(shape) as unknown as z.ZodType<ValueOf<F>>;
}

/** The same, but an unknown key is an error: for what people type (API bodies, rules file). */
export function strictShapeOf<F extends Fields>(fields: F): z.ZodType<ValueOf<F>> {
  const shape = Object.fromEntries(Object.entries(fields).map(([name, { zod }]) => [name, zod]));
  return z.strictObject(shape) as unknown as z.ZodType<ValueOf<F>>;
}

/** The Avro record of a set of fields. Names inside are made unique by the emitter. */
export function recordOf(name: string, fields: Fields): JsonObject {
  return {
    type: 'record',
    name,
    fields: Object.entries(fields).map(([key, { avro, absent }]) =>
      absent ? { name: key, type: avro, default: null } : { name: key, type: avro },
    ),
  };
}
