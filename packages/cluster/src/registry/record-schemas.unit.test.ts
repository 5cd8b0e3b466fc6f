import { type RecordSchema, configPutData, configRemoveData, recordSchemas, shapeOf } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordValues } from '../../test/record-values.ts';
import { avroNode } from './avro-node.ts';
import { presentRecord } from './present-records.ts';
import { RecordReader } from './record-reader.ts';
import { frameBytes, RecordWriter } from './record-writer.ts';

const schemas = recordSchemas();
const writerOf = (schema: RecordSchema) => new RecordWriter(presentRecord(schema), 7);
const readerOf = (schema: RecordSchema) => {
  const record = presentRecord(schema);
  return new RecordReader({ avro: schema.avro, type: record.type }, record);
};
const schemaOf = (name: string): RecordSchema => {
  const found = schemas.find((schema) => schema.name === `tocsin.${name}`);
  if (!found) throw new Error(`no schema ${name}`);
  return found;
};

describe.each(schemas.map((schema) => [schema.subject, schema] as const))('%s', (_, schema) => {
  it('gives back what was put in', () => {
    const [writer, reader] = [writerOf(schema), readerOf(schema)];
    fc.assert(
      fc.property(recordValues(schema), (value) => {
        const bytes = writer.encode(value);
        expect([...bytes.subarray(0, frameBytes)]).toEqual([0, 0, 0, 0, 7]);
        expect(reader.decode(bytes)).toStrictEqual({ ok: true, value });
        const whole = schema.alone === undefined ? value : { [schema.alone]: value };
        expect(shapeOf(schema.fields).safeParse(whole)).toMatchObject({ success: true });
      }),
      { numRuns: 20 },
    );
  });
});

it('has one subject for each kind of record', () => {
  expect(new Set(schemas.map(({ subject }) => subject)).size).toBe(schemas.length);
  expect(new Set(schemas.map(({ name }) => name)).size).toBe(schemas.length);
});

it('knows configuration commands as they are checked', () => {
  for (const [name, shape] of [
    ['ConfigPutCommand', configPutData],
    ['ConfigRemoveCommand', configRemoveData],
  ] as const)
    fc.assert(
      fc.property(recordValues(schemaOf(name)), (value) => {
        const { data } = value as { readonly data: unknown };
        // Checking leaves out members of that name, which no setting has.
        fc.pre(!JSON.stringify(data).includes('"__proto__"'));
        expect(shape.strict().parse(data)).toEqual(data);
      }),
      { numRuns: 50 },
    );
});

it('tells null from absent where free JSON may be absent', () => {
  const schema = schemaOf('CommandRejected');
  fc.assert(
    fc.property(recordValues(schema), fc.boolean(), (value, absent) => {
      const { data, ...event } = value as { readonly data: Record<string, unknown> };
      const { asked: _, ...rest } = data;
      const wanted = { ...event, data: absent ? rest : { ...rest, asked: null } };
      expect(readerOf(schema).decode(writerOf(schema).encode(wanted))).toEqual({ ok: true, value: wanted });
    }),
    { numRuns: 10 },
  );
});

it('says where a value does not fit', () => {
  const [value] = fc.sample(recordValues(schemaOf('SignalCommented')), 1) as [{ readonly data: object }];
  const wrong = { ...value, data: { ...value.data, text: 5 } };
  expect(() => writerOf(schemaOf('SignalCommented')).encode(wrong)).toThrow(
    /^triage-events-tocsin\.SignalCommented cannot hold this value: look at data\.text$/,
  );
});

it('takes values of any size', () => {
  const schema = schemaOf('DetectionRejected');
  const [value] = fc.sample(recordValues(schema), 1) as [{ readonly data: object }];
  for (const size of [0, 4_000, 5_000, 3_000_000, 10]) {
    const wanted = { ...value, data: { ...value.data, bytes: 'A'.repeat(size) } };
    expect(readerOf(schema).decode(writerOf(schema).encode(wanted))).toEqual({ ok: true, value: wanted });
  }
});

describe('bytes that are not what they should be', () => {
  const schema = schemaOf('SignalOpened');
  const reader = readerOf(schema);
  const samples = fc.sample(recordValues(schema), 5).map((value) => writerOf(schema).encode(value));

  it('are malformed wherever they are cut, and when they go on', () => {
    for (const bytes of samples) {
      for (let end = frameBytes; end < bytes.length; end++)
        expect(reader.decode(bytes.subarray(0, end))).toMatchObject({ ok: false, problem: { code: 'malformed' } });
      expect(reader.decode(Buffer.concat([bytes, Buffer.alloc(1)]))).toMatchObject({ ok: false });
    }
  });

  it('never do harm, whatever they say', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...samples),
        fc.nat(),
        fc.uint8Array({ minLength: 1, maxLength: 9 }),
        (bytes, at, noise) => {
          const broken = Buffer.from(bytes);
          broken.set(noise, frameBytes + (at % (bytes.length - frameBytes - noise.length)));
          expect(typeof reader.decode(broken).ok).toBe('boolean');
        },
      ),
      { numRuns: 300 },
    );
  });

  it('cannot claim a list that fills the memory', () => {
    const tags = { type: 'record', name: 'Tags', fields: [{ name: 'tags', type: { type: 'array', items: 'string' } }] };
    const record = presentRecord({ subject: '', topic: 'signals', name: 'Tags', fields: {}, avro: tags });
    const huge = Buffer.from([0, 0, 0, 0, 7, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0]);
    expect(new RecordReader({ avro: tags, type: record.type }, record).decode(huge)).toMatchObject({ ok: false });
  });
});

it('refuses what our records never hold', () => {
  expect(() => avroNode({ type: 'map', values: 'string' })).toThrow('map');
  expect(() => avroNode({ type: 'array', items: 'Nowhere' })).toThrow('Nowhere');
});
