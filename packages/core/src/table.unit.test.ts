import { describe, expect, it } from 'vitest';
import type { Recorded } from './processor.ts';
import { type Table, TableSet } from './table.ts';

const table = (name: string): Table<readonly unknown[]> => ({
  name,
  topic: 'config',
  initial: [],
  apply: (all, { value }) => [...all, value],
});
const record = (about: Partial<Recorded>): Recorded => ({
  topic: 'config',
  partition: 0,
  offset: 0,
  key: 'k',
  value: 'v',
  recordedAt: 0,
  ...about,
});

describe('tables', () => {
  it('stand at version -1 before the first record', () => {
    const one = table('one');
    expect(new TableSet([one]).get(one)).toEqual({ version: -1, value: [] });
  });

  it('take the seq as the version, the offset where there is none', () => {
    const one = table('one');
    const set = new TableSet([one]);
    set.apply(record({ seq: 0, offset: 40, value: 'a' }));
    expect(set.get(one)).toEqual({ version: 0, value: ['a'] });
    set.apply(record({ offset: 41, value: 'b' }));
    expect(set.get(one)).toEqual({ version: 41, value: ['a', 'b'] });
  });

  it('drop what they have applied, so that no version goes backwards', () => {
    const one = table('one');
    const set = new TableSet([one]);
    for (const seq of [0, 1, 2, 1, 0, 2, 3]) set.apply(record({ seq, value: seq }));
    expect(set.get(one)).toEqual({ version: 3, value: [0, 1, 2, 3] });
  });

  it('take records of their own topic only', () => {
    const one = table('one');
    const set = new TableSet([one]);
    set.apply(record({ topic: 'signals', seq: 9 }));
    expect(set.get(one).version).toBe(-1);
  });

  it('give a value that later records do not change', () => {
    const one = table('one');
    const set = new TableSet([one]);
    set.apply(record({ seq: 0, value: 'a' }));
    const before = set.get(one);
    set.apply(record({ seq: 1, value: 'b' }));
    expect(before).toEqual({ version: 0, value: ['a'] });
  });

  it('hold a table once that several ask for, and refuse one that was not declared', () => {
    const one = table('one');
    const set = new TableSet([one, { ...one }]);
    set.apply(record({ seq: 0, value: 'a' }));
    expect(set.get(one).value).toEqual(['a']);
    expect(() => set.get(table('other'))).toThrow('table other is not declared');
  });
});
