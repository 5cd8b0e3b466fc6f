import { describe, expect, it } from 'vitest';
import { type Entry, fold } from './fold.ts';
import { type AnyProcessor, jsonCodec, type Processor, type Recorded } from './processor.ts';
import type { Table } from './table.ts';

const record = (about: Partial<Recorded> & { readonly at?: number }): Entry => {
  const { at = 0, ...rest } = about;
  const defaults = {
    topic: 'grouped-detections',
    partition: 0,
    offset: 0,
    key: 'a',
    value: 1,
    recordedAt: at,
  } as const;
  return { kind: 'record', record: Object.freeze({ ...defaults, ...rest }) };
};
const idle = (until: number): Entry => ({ kind: 'idle', until });

interface Timer {
  readonly at: number;
}
/** Wakes a key ten milliseconds after each record; writes what happened, when, and the watermark. */
const timer = (about: Partial<Processor<Timer>> = {}): AnyProcessor =>
  ({
    id: 'timer',
    inputs: [{ topic: 'grouped-detections', onBad: 'dead-letter' }],
    outputs: ['signals'],
    state: jsonCodec<Timer>(1),
    keys: ({ key }) => [key],
    step: (_, { key }, { now, watermark }) => ({
      puts: new Map([[key, { at: now + 10 }]]),
      out: [{ topic: 'signals', key, value: `record ${now} ${watermark}` }],
    }),
    wakeAt: ({ at }) => at,
    wake: (key, _, { now, watermark }) => ({
      puts: new Map([[key, undefined]]),
      out: [{ topic: 'signals', key, value: `wake ${now} ${watermark}` }],
    }),
    ...about,
  }) satisfies Processor<Timer> as AnyProcessor;

/** Copies what it reads. */
const copier = (id: string, from: 'signals' | 'deliveries', to: 'deliveries' | 'triage-events'): AnyProcessor => ({
  id,
  inputs: [{ topic: from, onBad: 'stop' }],
  outputs: [to],
  state: jsonCodec<unknown>(1),
  keys: () => ['n'],
  step: (states, { key, value, recordedAt, seq }) => ({
    puts: new Map([['n', Number(states.get('n') ?? 0) + 1]]),
    out: [{ topic: to, key, value: `${String(value)} seq ${seq} at ${recordedAt}` }],
  }),
});

const said = (processors: readonly AnyProcessor[], entries: readonly Entry[]): readonly unknown[] =>
  fold(processors, 0, entries).out.map(({ key, value, recordedAt }) => `${key}: ${String(value)} @${recordedAt}`);

describe('fold', () => {
  it('wakes what is due before the record is handed over, at the time of the wake', () => {
    const entries = [record({ at: 100 }), record({ at: 200, key: 'b' })];
    expect(said([timer()], entries)).toEqual(['a: record 100 0 @100', 'a: wake 110 0 @110', 'b: record 200 0 @200']);
  });

  it('wakes at the very time of a record, not after it', () => {
    expect(said([timer()], [record({ at: 100 }), record({ at: 110, key: 'b' })])[1]).toBe('a: wake 110 0 @110');
    expect(said([timer()], [record({ at: 100 }), record({ at: 109, key: 'b' })])).toHaveLength(2);
  });

  it('wakes in the order of time, then of keys', () => {
    const entries = [record({ at: 5, key: 'z' }), record({ at: 5, key: 'b' }), record({ at: 4, key: 'c' }), idle(50)];
    expect(said([timer()], entries).slice(3)).toEqual(['b: wake 15 0 @15', 'c: wake 15 0 @15', 'z: wake 15 0 @15']);
  });

  it('keeps log time monotone: a record that comes late does not turn it back', () => {
    expect(said([timer()], [record({ at: 100 }), record({ at: 50, key: 'b' })])[1]).toBe('b: record 100 0 @100');
  });

  it('runs a wake that was due already when it was asked for at log time', () => {
    const late = timer({ step: (_, { key }) => ({ puts: new Map([[key, { at: 3 }]]), out: [] }) });
    expect(said([late], [record({ at: 100 }), idle(0)])).toEqual(['a: wake 100 0 @100']);
  });

  it('does nothing in a silence that ends before the wake', () => {
    expect(said([timer()], [record({ at: 100 }), idle(109)])).toHaveLength(1);
    expect(said([timer()], [record({ at: 100 }), idle(110)])).toHaveLength(2);
  });

  it('refuses a wake that asks for itself again', () => {
    const stubborn = timer({ wake: (key, state) => ({ puts: new Map([[key, state]]), out: [] }) });
    expect(() => fold([stubborn], 0, [record({ at: 1 }), idle(100)])).toThrow(/timer woke a/);
  });

  it('moves the watermark with event time, and not with time that runs ahead', () => {
    const entries = [
      record({ at: 1_000, occurredAt: 700 }),
      record({ at: 1_000, occurredAt: 600 }),
      record({ at: 1_001, occurredAt: 9e9 }),
    ];
    expect(said([timer()], entries).map((text) => String(text).split(' ')[3])).toEqual(['700', '700', '301001']);
  });

  it('passes what is written on to the others of the list, with the time of its cause', () => {
    const list = [timer(), copier('second', 'signals', 'deliveries'), copier('third', 'deliveries', 'triage-events')];
    expect(said(list, [record({ at: 7 }), record({ at: 9, offset: 1, key: 'b' })])).toEqual([
      'a: record 7 0 @7',
      'a: record 7 0 seq 0 at 7 @7',
      'a: record 7 0 seq 0 at 7 seq 0 at 7 @7',
      'b: record 9 0 @9',
      'b: record 9 0 seq 1 at 9 @9',
      'b: record 9 0 seq 1 at 9 seq 1 at 9 @9',
    ]);
  });

  it('hands on first what was written first', () => {
    const list = [timer(), copier('second', 'signals', 'deliveries'), copier('third', 'deliveries', 'triage-events')];
    const entries = [record({ key: 'a' }), record({ key: 'b' }), idle(99)];
    const { out } = fold(list, 0, entries);
    expect(out.slice(6).map(({ topic, key }) => `${topic} ${key}`)).toEqual([
      'signals a',
      'signals b',
      'deliveries a',
      'deliveries b',
      'triage-events a',
      'triage-events b',
    ]);
  });

  it('numbers each topic without a gap', () => {
    const { out } = fold([timer(), copier('second', 'signals', 'deliveries')], 0, [
      record({ at: 1 }),
      record({ at: 30 }),
      idle(99),
    ]);
    for (const topic of ['signals', 'deliveries'])
      expect(out.filter((one) => one.topic === topic).map(({ seq }) => seq)).toEqual([0, 1, 2, 3]);
  });

  it('writes a dead letter in the place of the step, or stops', () => {
    const bad = (value: unknown) => (value === 'bad' ? 'cannot read it' : undefined);
    const careful = timer({ inputs: [{ topic: 'grouped-detections', bad, onBad: 'dead-letter' }] });
    const entries = [record({ at: 1 }), record({ at: 2, offset: 8, value: 'bad', key: 'b' })];
    const { out, states } = fold([careful], 0, entries);
    expect(out[1]).toMatchObject({
      topic: 'timer.dead',
      key: 'grouped-detections/b',
      seq: 0,
      recordedAt: 2,
      value: { type: 'record.dead', data: { reason: 'cannot read it', offset: 8, value: 'bad' } },
    });
    expect([...(states.get('timer') ?? [])].map(([key]) => key)).toEqual(['a']);
    const strict = timer({ inputs: [{ topic: 'grouped-detections', bad, onBad: 'stop' }] });
    expect(() => fold([strict], 0, entries)).toThrow(/timer stops at a bad record: cannot read it/);
  });

  it('a bad record moves log time and wakes what is due, but not the watermark', () => {
    const careful = timer({
      inputs: [
        { topic: 'grouped-detections', bad: (value) => (value === 'bad' ? 'x' : undefined), onBad: 'dead-letter' },
      ],
    });
    const entries = [
      record({ at: 100 }),
      record({ at: 200, value: 'bad', occurredAt: 150 }),
      record({ at: 150, key: 'c' }),
    ];
    expect(said([careful], entries).filter((text) => !String(text).includes('object'))).toEqual([
      'a: record 100 0 @100',
      'a: wake 110 0 @110',
      'c: record 200 0 @200',
    ]);
  });

  it('gives a step the entries that it named, and forgets what is put as undefined', () => {
    const seen: unknown[] = [];
    const forgetful = timer({
      keys: () => ['a', 'missing'],
      step: (states, { value }) => {
        seen.push([...states.keys()]);
        return { puts: new Map([['a', value === 2 ? undefined : { at: 999 }]]), out: [] };
      },
    });
    const { states } = fold([forgetful], 0, [record({ value: 1 }), record({ value: 2 }), record({ value: 2 })]);
    expect(seen).toEqual([[], ['a'], []]);
    expect(states.get('timer')?.size).toBe(0);
  });

  it('shows a table as it stood, to keys and to step, without moving time', () => {
    const table: Table<number> = { name: 't', topic: 'config', initial: 0, apply: (n, { value }) => n + Number(value) };
    const seen: unknown[] = [];
    const reader = timer({
      tables: [table],
      keys: (_, tables) => [`group-${tables.get(table).value}`],
      step: (_, __, { now, tables }) => {
        seen.push([now, tables.get(table)]);
        return { puts: new Map(), out: [] };
      },
    });
    const config = (seq: number, value: number): Entry =>
      record({ topic: 'config', seq, offset: seq * 2, value, at: 5_000 });
    fold([reader], 0, [
      record({ at: 1 }),
      config(0, 4),
      record({ at: 2 }),
      config(0, 4),
      config(1, 3),
      record({ at: 3 }),
    ]);
    expect(seen).toEqual([
      [1, { version: -1, value: 0 }],
      [2, { version: 0, value: 4 }],
      [3, { version: 1, value: 7 }],
    ]);
  });

  it('takes a record of a one-partition topic as an input on task 0 only', () => {
    const config = timer({ inputs: [{ topic: 'config', onBad: 'stop' }] });
    const entries = [record({ topic: 'config', seq: 0, at: 3 })];
    expect(fold([config], 0, entries).out).toHaveLength(1);
    expect(fold([config], 1, entries).out).toEqual([]);
  });
});
