import {
  type DetectionDraft,
  detectionFlags,
  detectionShape,
  type Json,
  type JsonObject,
  ruleTypes,
  severities,
  sourceStatuses,
} from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, digest, receivedAt } from '../test/samples.ts';
import { type FinishContext, finish } from './finish.ts';

const draft: DetectionDraft = {
  source: 'lab',
  ruleType: 'log_detection',
  rule: { id: 'r-1', name: 'Rule one', tags: [] },
  severity: 'low',
  title: 'A title',
  message: 'A message',
  time: '2026-03-14T07:05:09Z',
  groupBy: [],
  entities: [],
  tags: [],
  attributes: {},
};
const context: FinishContext = { org: 'default', format: 'lab', receivedAt, bytes: bytesOf('{"a":1}'), digest };
const finished = (change: Partial<DetectionDraft>, about: Partial<FinishContext> = {}) =>
  finish({ ...draft, ...change }, { ...context, ...about });
const bytesIn = (value: Json): number => bytesOf(JSON.stringify(value)).length;

describe('identity', () => {
  it('is the same for the same line and another for another organisation, format, source id or content', () => {
    const ids = [
      finished({}).id,
      finished({}, { org: 'other' }).id,
      finished({}, { format: 'other' }).id,
      finished({ sourceId: '1' }).id,
      finished({}, { bytes: bytesOf('{"a": 1}') }).id,
    ];
    expect(new Set(ids).size).toBe(ids.length);
    expect(finished({}).id).toBe(ids[0]);
    expect(finished({ title: 'mapped otherwise by a later release' }).id).toBe(ids[0]);
    expect(ids[0]).toMatch(/^[0-9a-f]{40}$/);
  });

  it('of one among several in a line depends on itself alone', () => {
    const several = (title: string, line: string) => finished({ title }, { several: true, bytes: bytesOf(line) }).id;
    expect(several('a', '{"x":1}')).toBe(several('a', '{"x":2}'));
    expect(several('a', '{"x":1}')).not.toBe(several('b', '{"x":1}'));
  });
});

describe('rules without identity', () => {
  it('take what is there', () => {
    expect(finished({ rule: { id: 'x', tags: [] } })).toMatchObject({
      rule: { id: 'x', name: 'x' },
      flags: ['rule_derived'],
    });
    expect(finished({ rule: { name: 'X', tags: [] } })).toMatchObject({
      rule: { id: 'X', name: 'X' },
      flags: ['rule_derived'],
    });
  });

  it('are told apart by their titles, but not by numbers in them', () => {
    const id = (title: string) => finished({ title, rule: { tags: [] } }).rule.id;
    expect(id('Login 12 from 10.0.0.1')).toBe(id('Login 7 from 192.168.100.23'));
    expect(id('Login 12 failed')).not.toBe(id('Logout 12 failed'));
  });

  it('stay distinct when their ids are too long', () => {
    const id = (end: string) => finished({ rule: { id: 'x'.repeat(300) + end, tags: [] } }).rule.id;
    expect(id('a')).not.toBe(id('b'));
    expect(id('a')).toHaveLength(256);
  });
});

describe('bounds', () => {
  it('escape what cannot be stored, visibly', () => {
    const { title, attributes, flags } = finished({
      title: 'a\u0000b\ud800c\u{1f600}\u0001',
      attributes: JSON.parse('{"k\\u0000":["\\ud83d"],"__proto__":{"x":1},"ok":"\\ud83d\\ude00"}') as JsonObject,
    });
    expect(title).toBe('a\\u0000b\\ud800c\u{1f600}\u0001');
    expect(JSON.stringify(attributes)).toBe(String.raw`{"k\\u0000":["\\ud83d"],"\\u005f_proto__":{"x":1},"ok":"😀"}`);
    expect(flags).toEqual(['escaped']);
  });

  it('drop doubles', () =>
    expect(finished({ tags: ['a', 'b', 'a', ''], entities: ['host:x', 'host:x'] })).toMatchObject({
      tags: ['a', 'b'],
      entities: ['host:x'],
      flags: [],
    }));

  it('cut the largest attributes and keep the small ones', () => {
    const { attributes, flags } = finished({
      attributes: {
        host: 'h',
        lab: { payload: 'é'.repeat(40_000), port: 80 },
        list: Array.from({ length: 9000 }, (_, at) => at),
      },
    });
    expect(bytesIn(attributes)).toBeLessThanOrEqual(16 * 1024);
    expect(attributes).toMatchObject({ host: 'h', lab: { port: 80, payload: expect.stringMatching(/^é+…$/) } });
    expect(flags).toEqual(['truncated']);
  });

  it('drop what is too much even so', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, at) => [`key ${at}`, { value: at }]));
    const { attributes } = finished({ attributes: { host: 'h', many, last: 1 } });
    expect(bytesIn(attributes)).toBeLessThanOrEqual(16 * 1024);
    expect(bytesIn(attributes)).toBeGreaterThan(8 * 1024);
    expect(attributes).toMatchObject({ host: 'h', last: 1 });
  });

  it('cut the sample between characters', () => {
    const { raw } = finished({}, { bytes: bytesOf(`x${'é'.repeat(4000)}`) });
    expect(raw).toBe(`x${'é'.repeat(2047)}`);
  });

  it('keep what duplicate keys displaced', () =>
    expect(finished({}, { displaced: [{ key: 'a', value: 1 }] })).toMatchObject({
      attributes: { duplicate_keys: [{ key: 'a', value: 1 }] },
      flags: ['escaped'],
    }));
});

it('makes a valid detection of any draft', () => {
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) }),
    fc.constantFrom('', ' ', '\u0000', 'x'.repeat(300), 'y'.repeat(9000), '\ud83d'.repeat(600)),
  );
  const texts = fc.oneof(
    fc.array(text, { maxLength: 12 }),
    fc.constant(Array.from({ length: 200 }, (_, at) => `tag ${at}`)),
  );
  const pairs = fc.array(fc.record({ path: text, value: text }), { maxLength: 30 });
  const drafts: fc.Arbitrary<DetectionDraft> = fc.record(
    {
      source: text,
      ruleType: fc.constantFrom(...ruleTypes),
      rule: fc.record({ id: text, name: text, version: text, tags: texts }, { requiredKeys: ['tags'] }),
      severity: fc.constantFrom(...severities),
      title: text,
      message: text,
      time: fc.oneof(text, fc.double(), fc.constant(undefined)),
      groupBy: pairs,
      entities: texts,
      tags: texts,
      attributes: fc.dictionary(text, fc.oneof(text, texts, fc.jsonValue())) as fc.Arbitrary<JsonObject>,
      sourceId: text,
      sourceStatus: fc.constantFrom(...sourceStatuses),
      flags: fc.array(fc.constantFrom(...detectionFlags)),
    },
    { noNullPrototype: true },
  );
  fc.assert(
    fc.property(drafts, fc.string({ unit: 'binary', maxLength: 3000 }), (any, line) => {
      const detection = finish(any, { ...context, bytes: bytesOf(line) });
      expect(detectionShape.parse(detection)).toEqual(detection);
      expect(bytesIn(detection.attributes)).toBeLessThanOrEqual(16 * 1024);
      expect(bytesOf(detection.raw).length).toBeLessThanOrEqual(4096);
      const { raw: _raw, ...stored } = detection;
      expect(JSON.stringify(stored)).not.toMatch(/\\u0000(?<!\\\\u0000)|\\ud[89a-f][0-9a-f]{2}(?<!\\\\u....)/);
    }),
    { numRuns: 100 },
  );
}, 60_000);
