import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../json.ts';
import { canonical } from './canonical.ts';
import { linkOf } from './link.ts';

const hex = fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 64, maxLength: 64 });
const decoy = `,"prev_hash":"${'f'.repeat(64)}","seq":7,"source":{"x":1},"stream":"audit-9","type":"audit"}`;
const anyRecord = fc.record({
  attributes: fc.oneof(fc.jsonValue(), fc.constant({ message: decoy })) as fc.Arbitrary<Json>,
  prev_hash: hex,
  seq: fc.nat(),
  source: fc.record({ topic: fc.constantFrom('signals', 'a.dead', 'odd{name}', 'x'.repeat(900)), seq: fc.nat() }),
  stream: fc.nat(40).map((partition) => `audit-${partition}`),
  type: fc.constant('audit'),
});

describe('the link of a record', () => {
  it('is what the record says, read from its end or parsed whole', () =>
    fc.assert(
      fc.property(anyRecord, fc.boolean(), (record, sealed) => {
        const whole = { ...record, ...(sealed && { sealed: { 'attributes.usr': decoy } }) } as JsonObject;
        const link = { stream: record.stream, seq: record.seq, prevHash: record.prev_hash };
        expect(linkOf(canonical(whole))).toEqual(link);
        expect(linkOf(JSON.stringify(whole, undefined, 1))).toEqual(link);
        expect(linkOf(Buffer.from(canonical(whole)).toString('latin1'))).toEqual(link);
      }),
    ));

  it.each(['', '{}', 'null', '[]', '{"stream":"audit-0","seq":"1","prev_hash":""}', '{"stream":1}'])(
    'is undefined for %s',
    (text) => expect(linkOf(text)).toBeUndefined(),
  );
});
