import { isJsonObject, type Json } from '@tocsin/core';
import fc from 'fast-check';
import { parse } from 'lossless-json';
import { describe, expect, it } from 'vitest';
import { bytesOf } from '../test/samples.ts';
import { type Entry, readLines } from './reading.ts';

const read = (body: string | Uint8Array): readonly Entry[] => [
  ...readLines(typeof body === 'string' ? bytesOf(body) : body),
];
const brief = (body: string | Uint8Array) =>
  read(body).map((entry) => [entry.line, entry.kind === 'value' ? entry.value : entry.code]);
const textOf = (entry: Entry | undefined): string => new TextDecoder().decode(entry?.bytes);

const exact = (digits: string) =>
  /^-?\d+$/.test(digits) && !Number.isSafeInteger(Number(digits)) ? digits : Number(digits);

describe('bodies', () => {
  it.each([
    ['one object', '{"a":1}', [[1, { a: 1 }]]],
    ['nothing', '', []],
    [
      'a byte order mark, CRLF and empty lines',
      '\uFEFF{"a":1}\r\n\r\n  \n{"b":2}\r\n',
      [
        [1, { a: 1 }],
        [4, { b: 2 }],
      ],
    ],
    [
      'an array',
      ' [ {"a":1} , {"b":[{}]} ] \n',
      [
        [1, { a: 1 }],
        [2, { b: [{}] }],
      ],
    ],
    ['an empty array', '[ ]', []],
    [
      'strings with brackets in an array',
      '[{"a":"]},\\"["},{"b":2}]',
      [
        [1, { a: ']},"[' }],
        [2, { b: 2 }],
      ],
    ],
    ['a pretty-printed object', '{\n  "a": {\n    "b": []\n  }\n}\n', [[1, { a: { b: [] } }]]],
    [
      'several of them',
      '{\n"a":1\n}\n{"b":2}\n{\n  "c": 3 }',
      [
        [1, { a: 1 }],
        [4, { b: 2 }],
        [5, { c: 3 }],
      ],
    ],
    [
      'a broken one and a good one',
      '{\n  "a": 1,\n  "b"\n}\n{"c":3}',
      [
        [1, 'invalid_json'],
        [5, { c: 3 }],
      ],
    ],
    [
      'a truncated line and a good one',
      '{"a":1\n{"b":2}\n',
      [
        [1, 'invalid_json'],
        [2, { b: 2 }],
      ],
    ],
    [
      'a truncated line and an indented good one',
      '{"a":1\n  {"b":2}\n',
      [
        [1, 'invalid_json'],
        [2, { b: 2 }],
      ],
    ],
    [
      'garbage between good lines',
      '{"a":1}\nbang\n{"b":2}',
      [
        [1, { a: 1 }],
        [2, 'invalid_json'],
        [3, { b: 2 }],
      ],
    ],
    ['two objects in a line', '{"a":1}{"b":2}', [[1, 'invalid_json']]],
    ['text behind an object of several lines', '{\n"a":1\n} x', [[1, 'invalid_json']]],
    [
      'an array in a line',
      '{"a":1}\n[{"b":2}]',
      [
        [1, { a: 1 }],
        [2, 'not_an_object'],
      ],
    ],
    [
      'an element that is none',
      '[{"a":1},,{"b":2}]',
      [
        [1, { a: 1 }],
        [2, 'invalid_json'],
        [3, { b: 2 }],
      ],
    ],
    [
      'a comma at the end',
      '[{"a":1},]',
      [
        [1, { a: 1 }],
        [2, 'invalid_json'],
      ],
    ],
    [
      'an array without end',
      '[{"a":1}',
      [
        [1, { a: 1 }],
        [2, 'invalid_json'],
      ],
    ],
    [
      'an array cut within an element',
      '[{"a":1},{"b"',
      [
        [1, { a: 1 }],
        [2, 'invalid_json'],
      ],
    ],
    [
      'lines behind an array',
      '[{"a":1}]\n{"b":2}',
      [
        [1, { a: 1 }],
        [2, { b: 2 }],
      ],
    ],
  ] as const)('%s', (_, body, expected) => {
    expect(brief(body)).toEqual(expected);
  });

  it('gives every value of generated bodies with its exact bytes', () => {
    const object = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }));
    const space = fc.constantFrom('', ' ', '\n', '\r\n', '\n\n');
    fc.assert(
      fc.property(fc.array(fc.tuple(object, fc.boolean(), space)), fc.boolean(), (parts, asArray) => {
        const texts = parts.map(([value, pretty]) => JSON.stringify(value, null, pretty ? 2 : 0));
        const body = asArray
          ? `[${parts.map(([, , gap], at) => gap + texts[at] + gap).join(',')}]`
          : parts.map(([, , gap], at) => `${texts[at]}\n${gap}`).join('');
        const entries = read(body);
        expect(entries.map(textOf)).toEqual(texts);
        expect(entries.map((entry) => (entry.kind === 'value' ? JSON.stringify(entry.value) : entry.code))).toEqual(
          texts.map((text) => JSON.stringify(parse(text, undefined, { parseNumber: exact }))),
        );
      }),
    );
  });

  it('never throws, and accounts for every byte that is not white space, whatever the bytes', () => {
    const pieces = fc.constantFrom('{', '}', '[', ']', '"', ',', ':', '\\', '\n', ' ', '1', '{"a":1}', 'é', '1e999');
    const bytes = fc.oneof(
      fc.array(pieces, { maxLength: 60 }).map((all) => bytesOf(all.join(''))),
      fc.uint8Array({ maxLength: 200 }),
    );
    fc.assert(
      fc.property(bytes, (body) => {
        for (const entry of read(body)) expect(entry.bytes.buffer).toBe(body.buffer);
        const lines = read(body).map(({ line }) => line);
        expect(lines).toEqual([...lines].sort((a, b) => a - b));
      }),
      { numRuns: 1000 },
    );
  });

  it('loses no line: every line of a body without white space or arrays is in exactly one entry', () => {
    const line = fc.constantFrom('{"a":1}', '{', '}', '{"a":', 'x', '"b":1', '1}', '{"a":[', ']}', '"', '{}');
    fc.assert(
      fc.property(fc.array(line, { minLength: 1, maxLength: 12 }), (lines) => {
        const kept = read(lines.join('\n')).map(textOf).join('\n');
        expect(kept).toBe(lines.join('\n'));
      }),
      { numRuns: 1000 },
    );
  });

  it('stops looking for the ends of objects that never end', () => {
    const body = `${'{"a":[1],\n'.repeat(250)}{"b":2}\n`.repeat(40);
    const entries = read(body);
    expect(entries.filter(({ kind }) => kind === 'value')).toHaveLength(40);
    expect(entries).toHaveLength(251 * 40);
  });
});

describe('values', () => {
  it.each([
    ['truncated', '{"a":"é', 'invalid_json', 8],
    ['a word', '{"a":nope}', 'invalid_json', 5],
    ['a control character', '{"é":"\u0001"}', 'invalid_json', 7],
    ['a leading zero', '{"a":01}', 'invalid_json', 6],
    ['an infinite number', '{"é":[-1e400]}', 'number_out_of_range', 7],
  ])('says where %s is', (_, body, code, position) => expect(read(body)).toMatchObject([{ code, position, line: 1 }]));

  it('names the first byte that is no UTF-8', () => {
    const good = bytesOf('{"aé":"');
    expect(read(new Uint8Array([...good, 0xc3, 0x28, 0x22, 0x7d]))).toMatchObject([
      { code: 'invalid_utf8', position: good.length + 1 },
    ]);
    expect(read(new Uint8Array([...good, 0xed, 0xa0, 0x80]))).toMatchObject([{ code: 'invalid_utf8' }]);
  });

  it('draws the line at 64 levels and at 1 MiB', () => {
    const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;
    expect(read(nested(64))).toMatchObject([{ kind: 'value' }]);
    expect(read(nested(65))).toMatchObject([{ code: 'too_deep' }]);
    const long = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`;
    expect(read(long(1024 * 1024))).toMatchObject([{ kind: 'value' }]);
    expect(read(long(1024 * 1024 + 1))).toMatchObject([{ code: 'too_large' }]);
  });

  it('carries integers beyond 2^53 as decimal text and leaves the rest alone', () => {
    const body =
      '{"a":9007199254740993,"b":[-18446744073709551615],"c":9007199254740991,"d":1.1234567890123456789,"e":"x:1234567890123456789,","f":1e20,"9007199254740993":0}';
    expect(brief(body)).toEqual([
      [
        1,
        {
          a: '9007199254740993',
          b: ['-18446744073709551615'],
          c: 9007199254740991,
          d: 1.1234567890123457,
          e: 'x:1234567890123456789,',
          f: 1e20,
          '9007199254740993': 0,
        },
      ],
    ]);
  });

  it('agrees with the careful parser on every valid object', () => {
    const number = fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((big) => `@${big}@`);
    const { tree } = fc.letrec<{ tree: Json }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small' },
        number,
        fc.jsonValue({ maxDepth: 1 }) as fc.Arbitrary<Json>,
        fc.array(tie('tree')),
        fc.dictionary(fc.string(), tie('tree')),
      ),
    }));
    fc.assert(
      fc.property(fc.dictionary(fc.string(), tree), (value) => {
        const text = JSON.stringify(value).replaceAll(/"@(-?\d+)@"/g, '$1');
        const [entry] = read(text);
        expect(entry?.kind === 'value' && entry.value).toEqual(parse(text, undefined, { parseNumber: exact }));
      }),
    );
  });

  it('keeps the last of duplicate keys and what it displaced, at any depth', () => {
    const [entry] = read('{"a":1,"b":{"c":[1],"c":2},"a":{"x":null},"\\u0061":3}');
    expect(entry).toMatchObject({
      value: { a: 3, b: { c: 2 } },
      displaced: [
        { key: 'c', value: [1] },
        { key: 'a', value: 1 },
        { key: 'a', value: { x: null } },
      ],
    });
  });

  it('keeps prototypes out of reach', () => {
    const body = '{"__proto__":{"evil":1},"constructor":{"prototype":{"evil":1}},"a":12345678901234567890,"a":1}';
    const [entry] = read(body);
    expect(entry?.kind).toBe('value');
    if (entry?.kind !== 'value' || !isJsonObject(entry.value)) return;
    expect(Object.keys(entry.value)).toEqual(['__proto__', 'constructor', 'a']);
    expect(Object.getPrototypeOf(entry.value)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).evil).toBeUndefined();
  });
});
