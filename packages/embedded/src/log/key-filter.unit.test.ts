import { expect, it } from 'vitest';
import { KeyFilter } from './key-filter.ts';

const keys = (kind: string, count: number): readonly string[] =>
  Array.from({ length: count }, (_, n) => `${kind}:${(n * 2_654_435_761) % 4_294_967_296}`);

it('knows every key that was added, and takes few others for one', () => {
  const filter = new KeyFilter(50_000);
  for (const key of keys('seen', 50_000)) filter.add(key);
  expect(keys('seen', 50_000).every((key) => filter.has(key))).toBe(true);
  const mistaken = keys('group', 50_000).filter((key) => filter.has(key)).length;
  expect(mistaken).toBeLessThan(500);
  expect(filter.full).toBe(false);
});

it('counts different keys once, and says when it holds more than it was made for', () => {
  const filter = new KeyFilter(0);
  for (const key of [...keys('a', 1_000), ...keys('a', 1_000)]) filter.add(key);
  expect(filter.count).toBeGreaterThan(990);
  expect(filter.count).toBeLessThanOrEqual(1_000);
  for (const key of keys('b', 70_000)) filter.add(key);
  expect(filter.full).toBe(true);
});
