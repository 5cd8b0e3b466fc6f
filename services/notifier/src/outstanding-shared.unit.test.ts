import { deliveryRequested, type Recorded } from '@tocsin/core';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Outstanding } from './outstanding.ts';

/** What is in the log, and what nobody has reported. */
class Shared {
  readonly deliveries: Recorded[] = [];
  readonly attempts: Recorded[] = [];
  readonly unreported = new Set<string>();

  instruct(): void {
    const offset = this.deliveries.length;
    const data = { deliveryId: `d${offset}`, signalId: 's', sink: 'hook', attempt: 1, lease: 1 };
    this.deliveries.push(recordOf('deliveries', offset, { type: deliveryRequested.type, data }));
    this.unreported.add(data.deliveryId);
  }

  report(deliveryId: string): Recorded {
    const cause = { topic: 'deliveries', partition: 0, offset: Number(deliveryId.slice(1)) };
    const data = { deliveryId, attempt: 1, lease: 1, verdict: 'delivered' };
    const record = recordOf('attempts', this.attempts.length, { type: 'delivery.attempted', cause, data });
    this.attempts.push(record);
    this.unreported.delete(deliveryId);
    return record;
  }

  get ends() {
    return { 'deliveries/0': this.deliveries.length, 'attempts/0': this.attempts.length };
  }
}

const recordOf = (topic: 'deliveries' | 'attempts', offset: number, value: unknown): Recorded => ({
  topic,
  partition: 0,
  offset,
  key: 's',
  value,
  recordedAt: 0,
});

/** Reads everything that is there, from where it stands; its place in `attempts` is its own, as that of a reader is. */
class Worker {
  readonly outstanding: Outstanding;
  readonly #log: Shared;
  #delivery: number;
  #attempt: number;

  constructor(log: Shared, saved: Readonly<Record<string, number>> = {}) {
    this.#log = log;
    this.#delivery = saved['deliveries/0'] ?? 0;
    this.#attempt = saved['attempts/0'] ?? 0;
    this.outstanding = new Outstanding({ partitions: 1, saved, keptPerSink: 10, shared: true });
  }

  readDelivery(): boolean {
    const record = this.#log.deliveries[this.#delivery];
    if (record) this.outstanding.read(record);
    this.#delivery += record ? 1 : 0;
    return record !== undefined;
  }

  readAttempt(): boolean {
    const record = this.#log.attempts[this.#attempt];
    if (record) this.outstanding.heard(record);
    this.#attempt += record ? 1 : 0;
    return record !== undefined;
  }

  /** Reports the first that it holds. */
  reportOwn(): void {
    const [held] = this.outstanding.all();
    if (!held || !this.#log.unreported.has(held.deliveryId)) return;
    const record = this.#log.report(held.deliveryId);
    this.outstanding.reported({ ...held, verdict: 'delivered' }, record);
  }

  readAll(): readonly string[] {
    while (this.readDelivery());
    while (this.readAttempt());
    return [...this.outstanding.all()].map(({ deliveryId }) => deliveryId).sort();
  }
}

const step = fc.oneof(
  fc.constantFrom('instruct', 'instruct', 'read-delivery', 'read-attempt', 'report-own', 'mark', 'save'),
  fc.nat(20),
);

it('a worker among others, however far behind, ends up knowing what nobody has reported; so does who begins where it has saved', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const log = new Shared();
      const worker = new Worker(log);
      let saved: Readonly<Record<string, number>> = {};
      for (const one of steps) {
        // Another worker, which may be ahead, reports one of those that nobody has.
        if (typeof one === 'number') {
          const other = [...log.unreported][one];
          if (other !== undefined) log.report(other);
        } else if (one === 'instruct') log.instruct();
        else if (one === 'read-delivery') worker.readDelivery();
        else if (one === 'read-attempt') worker.readAttempt();
        else if (one === 'report-own') worker.reportOwn();
        else if (one === 'mark') worker.outstanding.mark(log.ends);
        else saved = worker.outstanding.checkpoint();
      }
      const expected = [...log.unreported].sort();
      expect(worker.readAll()).toEqual(expected);
      expect(new Worker(log, saved).readAll()).toEqual(expected);
      expect(new Worker(log, worker.outstanding.checkpoint()).readAll()).toEqual(expected);
    }),
    { numRuns: 2_000 },
  );
});
