import {
  type Detection,
  detectionShape,
  intakeRejections,
  isJsonObject,
  type Json,
  type JsonObject,
} from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bytesOf,
  deepFreeze,
  digest,
  expectedOf,
  objectsIn,
  read,
  receivedAt,
  recordOf,
  samples,
} from '../test/samples.ts';
import { detectorFor, detectors, finish, guessFormat } from './index.ts';

const samplesOf = (format: string) => samples.filter((sample) => sample.format === format);
const linesOf = (format: string) => samplesOf(format).flatMap(({ body }) => objectsIn(body));

/** Maps and finishes one line outside of `intake`, which would turn a throw into a rejection. */
function mapped(format: string, line: JsonObject): readonly Detection[] {
  const detector = detectorFor(format);
  if (!detector) throw new Error(`no detector ${format}`);
  detector.claims(line);
  const said = detector.map(deepFreeze(line), { receivedAt });
  const context = { org: 'default', format, receivedAt, digest, bytes: bytesOf(JSON.stringify(line)) };
  if (said.kind === 'rejected') expect(intakeRejections).toContain(said.code);
  if (said.kind === 'skipped') expect(said.what).not.toBe('');
  const drafts = said.kind === 'detection' ? [said.draft] : said.kind === 'detections' ? said.drafts : [];
  return drafts.map((draft) => detectionShape.parse(finish(draft, context)));
}

const hostile: readonly Json[] = [
  null,
  true,
  '',
  ' ',
  '<NA>',
  0,
  -1,
  1e300,
  '18446744073709551616',
  '9999-99-99T99:99:99Z',
  '__proto__',
  'a\u0000b\ud800',
  'x'.repeat(70_000),
  [],
  [null, [[]], {}],
  {},
  { id: { name: [] }, toString: 1, length: -1, constructor: null },
  JSON.parse('{"__proto__":{"polluted":true}}') as Json,
];

/** Every variant of a value in which one part, at any depth, is another value. */
function* mutationsOf(value: Json, other: Json): Generator<Json> {
  yield other;
  if (Array.isArray(value))
    for (const [at, item] of value.entries())
      for (const changed of mutationsOf(item, other)) yield value.with(at, changed);
  else if (isJsonObject(value))
    for (const [key, item] of Object.entries(value))
      for (const changed of mutationsOf(item, other)) yield { ...value, [key]: changed };
}

const unreadable: readonly (readonly [string, string | Uint8Array, string])[] = [
  ['a truncated line', '{"rule":"x","sev', 'invalid_json'],
  ['no JSON', 'Mar 14 07:05:09 host sshd[1]: accepted', 'invalid_json'],
  ['null', 'null', 'not_an_object'],
  ['a number', '7', 'not_an_object'],
  ['bytes that are no UTF-8', new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_utf8'],
  ['surrogates in UTF-8', new Uint8Array([0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]), 'invalid_utf8'],
  ['a number beyond any double', '{"time":1e400}', 'number_out_of_range'],
  ['too deep nesting', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`, 'too_deep'],
  ['a line over 1 MiB', `{"a":"${'x'.repeat(1024 * 1024)}"}`, 'too_large'],
  ['an object of nobody', '{"hello":"world"}', 'not_this_format'],
  ['an empty object', '{}', 'not_this_format'],
];

it('knows at least one format', () => expect(detectors.length).toBeGreaterThan(0));

describe.each(detectors.map((detector) => ({ format: detector.format, detector })))(
  '$format',
  ({ format, detector }) => {
    it('introduces itself', () => {
      expect(format).toMatch(/^[a-z0-9][a-z0-9-]{0,31}$/);
      expect(detector.title).not.toBe('');
      expect(detector.help.length).toBeGreaterThan(20);
      expect(detectors.filter((other) => other.format === format)).toHaveLength(1);
    });

    it('has samples that give detections', () =>
      expect(samplesOf(format).flatMap(({ body }) => read(format, body).detections).length).toBeGreaterThan(0));

    it.each(samplesOf(format))('maps $name as recorded, twice', (sample) => {
      const actual = recordOf(read(format, sample.body));
      expect(actual).toEqual(expectedOf(sample, actual));
      expect(recordOf(read(format, sample.body))).toEqual(actual);
      for (const detection of read(format, sample.body).detections)
        expect(detectionShape.parse(detection)).toEqual(detection);
    });

    it('loses no value of its samples', () => {
      for (const line of linesOf(format)) {
        const { detections, skipped, rejected } = read(format, JSON.stringify(line));
        const fates = [detections.length, skipped.size, rejected.length].filter((count) => count > 0);
        expect(fates).toHaveLength(1);
      }
    });

    it('claims lines of its own and nobody else does', () => {
      const lines = linesOf(format);
      for (const line of lines) expect([undefined, format]).toContain(guessFormat(line));
      for (const line of lines)
        expect(
          detectors.filter((other) => other.format !== format && other.claims(line)).map((other) => other.format),
        ).toEqual([]);
      expect(lines.some((line) => guessFormat(line) === format)).toBe(true);
    });

    it.each(unreadable)('refuses %s with a reason and keeps its bytes', (_, body, code) => {
      const bytes = typeof body === 'string' ? bytesOf(body) : body;
      const { detections, rejected } = read(format, bytes);
      expect(detections).toEqual([]);
      expect(rejected).toMatchObject([{ line: 1, code, message: expect.stringMatching(/^\S/) }]);
      expect(Buffer.compare(rejected[0]?.bytes ?? new Uint8Array(), bytes)).toBe(0);
    });

    it('refuses every beginning of a sample line and reads what follows', () => {
      const [line] = linesOf(format);
      const text = JSON.stringify(line);
      for (let length = 1; length < text.length; length += Math.ceil(text.length / 50)) {
        const { rejected } = read(format, `${text.slice(0, length)}\n{"hello":1}\n`);
        expect(rejected.map(({ line, code }) => ({ line, code }))).toEqual([
          { line: 1, code: 'invalid_json' },
          { line: 2, code: 'not_this_format' },
        ]);
      }
    });

    it('survives any one part of a sample being something else', () => {
      for (const line of linesOf(format).slice(0, 12))
        for (const other of hostile)
          for (const changed of mutationsOf(line, other)) if (isJsonObject(changed)) mapped(format, changed);
      expect(({} as JsonObject).polluted).toBeUndefined();
    }, 60_000);

    it('survives arbitrary JSON, also under its own keys', () => {
      const keys = [...new Set(linesOf(format).flatMap(keysOf))];
      const own = fc.dictionary(fc.constantFrom(...keys), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 12 });
      const any = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
      fc.assert(
        fc.property(fc.oneof(own, any), (line) => {
          mapped(format, JSON.parse(JSON.stringify(line)) as JsonObject);
        }),
        { numRuns: 300 },
      );
    });
  },
);

const keysOf = (value: Json): readonly string[] =>
  Array.isArray(value)
    ? value.flatMap(keysOf)
    : isJsonObject(value)
      ? Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)])
      : [];
