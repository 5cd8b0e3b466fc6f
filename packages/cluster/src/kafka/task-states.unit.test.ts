import { type AnyProcessor, jsonCodec, type Processor } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TaskStates } from './task-states.ts';

const processor = {
  id: 'test',
  inputs: [],
  outputs: [],
  state: jsonCodec<{ readonly at?: number }>(1),
  keys: () => [],
  step: () => ({ puts: new Map(), out: [] }),
  wakeAt: ({ at }) => at,
} satisfies Processor<{ readonly at?: number }> as AnyProcessor;

describe('states of a task', () => {
  it('give the wake that a look at every state would find, whatever was put before', () => {
    const put = fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.option(fc.option(fc.nat(9), { nil: undefined })));
    fc.assert(
      fc.property(fc.array(put, { maxLength: 30 }), (puts) => {
        const states = new TaskStates(processor);
        for (const [key, at] of puts) {
          states.put(key, at === null ? undefined : at === undefined ? {} : { at });
          const all = [...states.entries].flatMap(([key, state]) => {
            const { at } = state as { at?: number };
            return at === undefined ? [] : [{ at, key }];
          });
          const [first] = all.sort((x, y) => x.at - y.at || (x.key < y.key ? -1 : 1));
          expect(states.due(Number.POSITIVE_INFINITY)).toEqual(first);
        }
      }),
    );
  });

  it('tell what changed once, the last of it only', () => {
    const states = new TaskStates(processor);
    states.restore('old', '{"at":5}', 1);
    states.put('new', { at: 1 });
    states.put('new', { at: 2 });
    states.put('gone', undefined);
    expect(states.changes()).toEqual([
      { key: 'new', text: '{"at":2}' },
      { key: 'gone', text: undefined },
    ]);
    expect(states.changes()).toEqual([]);
    expect(states.get('old')).toEqual({ at: 5 });
  });
});
