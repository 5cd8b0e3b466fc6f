import fc from 'fast-check';
import { expect, it } from 'vitest';
import { WakeHeap } from './wake-heap.ts';

it('hands out what was put in, earliest first, then by key', () => {
  const wake = fc.record({ at: fc.nat(20), key: fc.constantFrom('a', 'b', 'c', 'd') });
  fc.assert(
    fc.property(fc.array(wake), (wakes) => {
      const heap = new WakeHeap();
      for (const one of wakes) heap.push(one);
      const out = wakes.map(() => {
        const first = heap.first;
        expect(heap.pop()).toEqual(first);
        return first;
      });
      const sorted = [...wakes].sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
      expect(out).toEqual(sorted);
      expect(heap.first).toBeUndefined();
      expect(heap.pop()).toBeUndefined();
    }),
  );
});
