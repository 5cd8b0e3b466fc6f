import { expect, it } from 'vitest';
import { freshly } from './freshly.ts';
import type { PageOf } from './shapes.ts';

const stale = { data: [], meta: { warnings: [{ code: 'stale' }] } };
const current = { data: ['it'], meta: { page: { after: 'next' } } };
const answering = (answers: readonly (readonly PageOf<string>[])[]) => {
  let asked = 0;
  return { load: async () => answers[Math.min(asked++, answers.length - 1)] ?? [], asked: () => asked };
};

it('asks again while any page is behind', async () => {
  const { load, asked } = answering([[stale], [current, stale], [current, current]]);
  expect(await freshly(load, 0)).toEqual({ value: [current, current], fresh: true });
  expect(asked()).toBe(3);
});

it('gives up after a while, and says so', async () => {
  const { load, asked } = answering([[stale]]);
  expect(await freshly(load, 0)).toEqual({ value: [stale], fresh: false });
  expect(asked()).toBe(10);
});
