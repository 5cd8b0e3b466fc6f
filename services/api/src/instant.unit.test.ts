import { expect, test } from 'vitest';
import { instantIn } from './instant.ts';

const now = Date.parse('2026-03-31T13:45:10.500Z');
const shown = (text: string) => {
  const instant = instantIn(text, now);
  return instant === undefined ? undefined : new Date(instant).toISOString();
};

test.each([
  ['2026-01-31', '2026-01-31T00:00:00.000Z'],
  ['2026-01-31T12:00:00Z', '2026-01-31T12:00:00.000Z'],
  ['2026-01-31T12:00:00.250+02:00', '2026-01-31T10:00:00.250Z'],
  ['2026-01-31T12:00', '2026-01-31T12:00:00.000Z'],
  ['1769860800000', '2026-01-31T12:00:00.000Z'],
  ['0', '1970-01-01T00:00:00.000Z'],
  ['now', '2026-03-31T13:45:10.500Z'],
  ['now-15m', '2026-03-31T13:30:10.500Z'],
  ['now-7d', '2026-03-24T13:45:10.500Z'],
  ['now+1h', '2026-03-31T14:45:10.500Z'],
  ['now-1d-2h', '2026-03-30T11:45:10.500Z'],
  ['now-1mo', '2026-02-28T13:45:10.500Z'],
  ['now-1y', '2025-03-31T13:45:10.500Z'],
  ['now/d', '2026-03-31T00:00:00.000Z'],
  ['now-1d/d', '2026-03-30T00:00:00.000Z'],
  ['now/w', '2026-03-30T00:00:00.000Z'],
  ['now/mo', '2026-03-01T00:00:00.000Z'],
  ['now-1y/y', '2025-01-01T00:00:00.000Z'],
])('%s is %s', (text, expected) => {
  expect(shown(text)).toBe(expected);
});

test.each([
  'yesterday',
  '',
  'now-',
  'now-5x',
  'now/q',
  `now-${'9'.repeat(30)}w`,
  'now+999999y',
  '9'.repeat(30),
  '2026-13-01',
  '2026',
  '31.01.2026',
])('%s is no time', (text) => {
  expect(instantIn(text, now)).toBeUndefined();
});
