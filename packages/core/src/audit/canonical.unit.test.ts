import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json } from '../json.ts';
import { canonical } from './canonical.ts';

const double = (hex: string): number => {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
};

describe('canonical JSON, facts of RFC 8785', () => {
  it.each([
    ['0000000000000000', '0'],
    ['8000000000000000', '0'],
    ['0000000000000001', '5e-324'],
    ['8000000000000001', '-5e-324'],
    ['7fefffffffffffff', '1.7976931348623157e+308'],
    ['ffefffffffffffff', '-1.7976931348623157e+308'],
    ['4340000000000000', '9007199254740992'],
    ['c340000000000000', '-9007199254740992'],
    ['4430000000000000', '295147905179352830000'],
    ['44b52d02c7e14af5', '9.999999999999997e+22'],
    ['44b52d02c7e14af6', '1e+23'],
    ['44b52d02c7e14af7', '1.0000000000000001e+23'],
    ['444b1ae4d6e2ef4e', '999999999999999700000'],
    ['444b1ae4d6e2ef4f', '999999999999999900000'],
    ['444b1ae4d6e2ef50', '1e+21'],
    ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
    ['3eb0c6f7a0b5ed8d', '0.000001'],
    ['41b3de4355555553', '333333333.3333332'],
    ['41b3de4355555554', '333333333.33333325'],
    ['41b3de4355555555', '333333333.3333333'],
    ['41b3de4355555556', '333333333.3333334'],
    ['41b3de4355555557', '333333333.33333343'],
    ['becbf647612f3696', '-0.0000033333333333333333'],
    ['43143ff3c1cb0959', '1424953923781206.2'],
  ])('writes the double %s as %s', (hex, text) => expect(canonical(double(hex))).toBe(text));

  it.each(['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000'])('refuses the double %s', (hex) =>
    expect(() => canonical(double(hex))).toThrow(TypeError),
  );

  it('writes the sample of section 3.2.2', () => {
    const sample = JSON.parse(
      '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
    ) as Json;
    const text = canonical(sample);
    expect(text).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    expect(new TextEncoder().encode(text).length).toBe(text.length + 2);
  });

  it('sorts by UTF-16 code units, as in section 3.2.3', () => {
    const value: Json = {
      '\u20ac': 'Euro Sign',
      '\r': 'Carriage Return',
      '\ufb33': 'Hebrew Letter Dalet With Dagesh',
      '1': 'One',
      '\ud83d\ude00': 'Emoji: Grinning Face',
      '\u0080': 'Control',
      '\u00f6': 'Latin Small Letter O With Diaeresis',
    };
    expect(Object.values(JSON.parse(canonical(value)) as object).sort()).toEqual(Object.values(value as object).sort());
    expect([...canonical(value).matchAll(/:"([^"]+)"/g)].map(([, name]) => name)).toEqual([
      'Carriage Return',
      'One',
      'Control',
      'Latin Small Letter O With Diaeresis',
      'Euro Sign',
      'Emoji: Grinning Face',
      'Hebrew Letter Dalet With Dagesh',
    ]);
  });

  it('sorts inside arrays and objects, empty and numeric names among them', () => {
    const value: Json = { '1': { f: { f: 'hi', F: 5 }, '\n': 56 }, '10': {}, '': 'empty', a: {}, '111': [{}], A: {} };
    expect(canonical(value)).toBe('{"":"empty","1":{"\\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{}],"A":{},"a":{}}');
  });

  it('escapes what must be escaped and nothing else', () => {
    expect(canonical('\b\t\n\f\r\u0000\u001f\u007f\u2028"\\/')).toBe(
      '"\\b\\t\\n\\f\\r\\u0000\\u001f\u007f\u2028\\"\\\\/"',
    );
  });
});

describe('canonical JSON, properties', () => {
  const json = fc.jsonValue({ maxDepth: 5, stringUnit: 'binary' }) as fc.Arbitrary<Json>;

  const holds = (check: (value: Json) => void) => fc.assert(fc.property(json, check));

  it('reads back as the value', () =>
    holds((value) => {
      expect(JSON.parse(canonical(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }));

  it('has one text for one value, whatever the order of members', () =>
    holds((value) => {
      expect(canonical(reversed(value))).toBe(canonical(value));
    }));

  it('writes its own text again', () =>
    holds((value) => {
      expect(canonical(JSON.parse(canonical(value)) as Json)).toBe(canonical(value));
    }));

  it('keeps lone surrogates, escaped', () => {
    expect(canonical({ '\udead': 'a\ud800b' })).toBe('{"\\udead":"a\\ud800b"}');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff })), (units) => {
        const text = String.fromCharCode(...units);
        expect(JSON.parse(canonical(text))).toBe(text);
        expect(canonical(text)).not.toMatch(/\p{Surrogate}/u);
      }),
    );
  });

  it('takes odd names as they are, and leaves undefined members out', () => {
    expect(canonical(JSON.parse('{"toString":1,"__proto__":{"a":1}}') as Json)).toBe(
      '{"__proto__":{"a":1},"toString":1}',
    );
    const absent = { b: undefined, a: 1 } as unknown as Json;
    expect(canonical(absent)).toBe('{"a":1}');
  });

  it.each([[[undefined]], [{ a: 1n }], [() => 1], [[Number.NaN]]])('refuses what is not JSON', (value) =>
    expect(() => canonical(value as unknown as Json)).toThrow(TypeError),
  );
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.entries(value as object).reverse();
  return Object.fromEntries(names.map(([name, member]) => [name, reversed(member as Json)]));
}
