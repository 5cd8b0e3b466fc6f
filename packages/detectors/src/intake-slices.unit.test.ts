import type { Digest } from '@tocsin/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Intake, type IntakeInput, holdsMoreThan, intake, intakeInSlices } from './intake.ts';
import { readLines } from './reading.ts';

const digest = { sha256: (text: string) => `${text.length}`.padStart(64, '0') } as unknown as Digest;
const input = (body: string): IntakeInput => ({
  format: 'tocsin',
  body: new TextEncoder().encode(body),
  org: 'main',
  receivedAt: 1_000,
  digest,
});

const value = fc.constantFrom('{"title":"a"}', '1', 'null', '{"ti', '"x,y"', '[1,2]', '{"unknown":[1,{"a":2}]}', '');
const bodies = fc
  .tuple(fc.boolean(), fc.array(value, { maxLength: 12 }), fc.constantFrom('', '\n1', ' ,2'))
  .map(([array, values, behind]) => (array ? `[${values.join(',')}]${behind}` : `${values.join('\n')}${behind}`));

test('slices hold together what one reading of the whole body does', () => {
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 5 }), (body, size) => {
      const slices = [...intakeInSlices(input(body), size)];
      expect(joined(slices)).toEqual(joined([intake(input(body))]));
      for (const { detections, rejected } of slices)
        expect(detections.length + rejected.length).toBeLessThanOrEqual(size);
    }),
  );
});

const joined = (slices: readonly Intake[]) => ({
  detections: slices.flatMap(({ detections }) => detections),
  rejected: slices.flatMap(({ rejected }) => rejected),
});

const alerts = (count: number) =>
  `{"receiver":"x","alerts":[${Array.from({ length: count }, (_, n) => `{"labels":{"n":"${n}"}}`).join(',')}]}`;
const posted = (body: string): IntakeInput => ({ ...input(body), format: 'alertmanager' });

test('a slice ends once it holds so many detections, however few lines they came in', () => {
  const slices = [...intakeInSlices(posted(Array.from({ length: 4 }, () => alerts(3)).join('\n')), 5)];
  expect(slices.map(({ detections }) => detections.length)).toEqual([6, 6]);
});

test('a line of more than 10,000 detections is refused with its bytes; the next is read', () => {
  const line = alerts(10_001);
  const { detections, rejected } = intake(posted(`${line}\n${alerts(2)}`));
  expect(detections).toHaveLength(2);
  expect(rejected).toMatchObject([{ line: 1, code: 'too_large' }]);
  expect(rejected[0]?.message).toMatch(/10001 detections.*split it/);
  expect(new TextDecoder().decode(rejected[0]?.bytes)).toBe(line);
});

test('a line of 10,000 detections is taken', () => {
  expect(intake(posted(alerts(10_000))).detections).toHaveLength(10_000);
});

test('a body that holds more values than allowed is never taken for one that does not', () => {
  fc.assert(
    fc.property(bodies, fc.integer({ min: 1, max: 12 }), (body, allowed) => {
      const { body: bytes } = input(body);
      const values = [...readLines(bytes)].length;
      if (values > allowed) expect(holdsMoreThan(bytes, allowed)).toBe(true);
    }),
  );
});

test('a body of no more values than allowed is not refused for its commas and brackets', () => {
  const wide = `{"title":"a","attributes":{"list":[${'1,'.repeat(1000)}1]}}`;
  expect(holdsMoreThan(new TextEncoder().encode(wide), 5)).toBe(false);
  expect(holdsMoreThan(new TextEncoder().encode(`[${wide},${wide}]`), 5)).toBe(false);
  expect(holdsMoreThan(new TextEncoder().encode(`[${'1,'.repeat(5)}1]`), 5)).toBe(true);
});
