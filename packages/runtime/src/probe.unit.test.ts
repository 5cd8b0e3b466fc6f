import { expect, test } from 'vitest';
import { Probe } from './probe.ts';

test('says what is away, and when it is back', async () => {
  const end = new AbortController();
  const told: (string | undefined)[] = [];
  const answers: (() => Promise<unknown>)[] = [
    () => Promise.reject(new Error('nobody listens')),
    () => Promise.reject(new Error('nobody listens')),
    () => Promise.resolve(),
  ];
  const probe = new Probe({
    name: 'sample',
    everyMs: 1,
    ask: () => (answers.shift() ?? (() => Promise.resolve()))(),
    onChange(trouble) {
      told.push(trouble);
      if (trouble === undefined) end.abort();
    },
  });
  expect(probe.check()).toBe('not reached yet');
  await probe.run(end.signal);
  expect(told).toEqual(['nobody listens', undefined]);
  expect(probe.check()).toBeUndefined();
});
