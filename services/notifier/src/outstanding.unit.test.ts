import { type DeliveryAttempted, deliveryRequested, type Recorded } from '@tocsin/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Outstanding } from './outstanding.ts';

const instruction = (
  offset: number,
  about: { id: string; attempt: number; lease: number; sink?: string },
): Recorded => {
  const { id, attempt, lease, sink = 'hook' } = about;
  const value = { type: deliveryRequested.type, data: { deliveryId: id, signalId: 's', sink, attempt, lease } };
  return { topic: 'deliveries', partition: 0, offset, seq: offset, key: 's', value, recordedAt: 0 };
};
const told = (id: string, attempt: number, lease: number, verdict: DeliveryAttempted['data']['verdict'] = 'retry') => ({
  deliveryId: id,
  attempt,
  lease,
  verdict,
});
const fresh = (keptPerSink = 10) => new Outstanding({ partitions: 1, saved: {}, keptPerSink });
const ids = (outstanding: Outstanding) =>
  [...outstanding.all()].map(({ deliveryId, attempt, lease }) => `${deliveryId}/${attempt}/${lease}`).sort();

describe('what is outstanding', () => {
  it('holds an instruction until it is reported', () => {
    const outstanding = fresh();
    expect(outstanding.read(instruction(0, { id: 'a', attempt: 1, lease: 1 }))).toMatchObject({ offset: 0 });
    expect(outstanding.checkpoint()).toEqual({ 'deliveries/0': 0, 'attempts/0': 0 });
    outstanding.reported(told('a', 1, 1), { partition: 0, offset: 0 });
    expect(ids(outstanding)).toEqual([]);
    expect(outstanding.checkpoint()).toEqual({ 'deliveries/0': 1, 'attempts/0': 1 });
  });

  it('lets a newer lease take the place of the older one, and passes by what it knows', () => {
    const outstanding = fresh();
    outstanding.read(instruction(0, { id: 'a', attempt: 1, lease: 1 }));
    expect(outstanding.read(instruction(1, { id: 'a', attempt: 1, lease: 2 }))).toMatchObject({ lease: 2 });
    expect(outstanding.read(instruction(0, { id: 'a', attempt: 1, lease: 1 }))).toBeUndefined();
    expect(outstanding.current({ deliveryId: 'a', attempt: 1, lease: 1 })).toBeUndefined();
    outstanding.reported(told('a', 1, 1), { partition: 0, offset: 0 });
    expect(ids(outstanding)).toEqual(['a/1/2']);
    outstanding.reported(told('a', 1, 1, 'delivered'), { partition: 0, offset: 1 });
    expect(ids(outstanding)).toEqual([]);
  });

  it('keeps the text of the first few instructions of a sink only', () => {
    const outstanding = fresh(1);
    const first = outstanding.read(instruction(0, { id: 'a', attempt: 1, lease: 1 }));
    expect(first?.event).toBeDefined();
    expect(outstanding.read(instruction(1, { id: 'b', attempt: 1, lease: 1 }))?.event).toBeUndefined();
    expect(outstanding.read(instruction(2, { id: 'c', attempt: 1, lease: 1, sink: 'x' }))?.event).toBeDefined();
    outstanding.reported(told('a', 1, 1), { partition: 0, offset: 0 });
    expect(outstanding.read(instruction(3, { id: 'd', attempt: 1, lease: 1 }))?.event).toBeDefined();
  });

  it('keeps no more texts of a sink when they are read once more', () => {
    const outstanding = fresh(1);
    const [a, b, c] = ['a', 'b', 'c'].map((id, at) => instruction(at, { id, attempt: 1, lease: 1 }));
    if (!a || !b || !c) throw new Error('three were made');
    for (const record of [a, b, c]) outstanding.read(record);
    const kept = () => [...outstanding.all()].filter(({ event }) => event).map(({ deliveryId }) => deliveryId);
    for (const record of [a, b, c]) outstanding.fill(record);
    expect(kept()).toEqual(['a']);
    outstanding.reported(told('a', 1, 1), { partition: 0, offset: 0 });
    for (const record of [b, c]) outstanding.fill(record);
    expect(kept()).toEqual(['b']);
  });

  it('lets a successor that begins at any checkpoint know exactly the same', () => {
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.constant('issue' as const) },
      { weight: 2, arbitrary: fc.nat({ max: 5 }) },
      { weight: 1, arbitrary: fc.constant('again' as const) },
      { weight: 2, arbitrary: fc.constant('checkpoint' as const) },
    );
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const deliveries: Recorded[] = [];
        const attempts: ReturnType<typeof told>[] = [];
        const first = fresh();
        let saved = first.checkpoint();
        for (const step of acts) {
          const held = [...first.all()];
          const oldest = held[0];
          if (step === 'issue' || (step === 'again' && oldest)) {
            const again = step === 'again' ? oldest : undefined;
            const { deliveryId: id = `d${deliveries.length}`, attempt = 1, lease = 0 } = again ?? {};
            const record = instruction(deliveries.length, { id, attempt, lease: lease + 1 });
            deliveries.push(record);
            first.read(record);
          } else if (step === 'checkpoint') saved = first.checkpoint();
          else if (typeof step === 'number') {
            const one = held[step % Math.max(held.length, 1)];
            if (!one) continue;
            const report = told(one.deliveryId, one.attempt, one.lease);
            attempts.push(report);
            first.reported(report, { partition: 0, offset: attempts.length - 1 });
          }
        }
        const second = new Outstanding({ partitions: 1, saved, keptPerSink: 10 });
        for (const record of deliveries.slice(saved['deliveries/0'])) second.read(record);
        attempts.forEach((report, offset) => {
          if (offset >= (saved['attempts/0'] ?? 0)) second.reported(report, { partition: 0, offset });
        });
        expect(ids(second)).toEqual(ids(first));
      }),
      { numRuns: 500 },
    );
  });
});
