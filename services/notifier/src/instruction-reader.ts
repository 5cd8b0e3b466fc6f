import { type DeliveryRequested, type EventLog, positionKey } from '@tocsin/core';
import type { HeldInstruction, Outstanding } from './outstanding.ts';

/**
 * Reads the texts of instructions that were not kept in memory. One read of the log brings those of its neighbours too, which
 * are wanted next: a long queue costs one read for hundreds of instructions.
 */
export class InstructionReader {
  readonly #log: EventLog;
  #reading: Promise<unknown> = Promise.resolve();

  constructor(log: EventLog) {
    this.#log = log;
  }

  /** Undefined when the instruction is not outstanding any more. */
  textOf(held: HeldInstruction, outstanding: Outstanding): Promise<DeliveryRequested | undefined> {
    const read = this.#reading.then(() => this.#read(held, outstanding));
    this.#reading = read.catch(() => {});
    return read;
  }

  async #read(held: HeldInstruction, outstanding: Outstanding): Promise<DeliveryRequested | undefined> {
    const before = outstanding.current(held);
    if (!before || before.event) return before?.event;
    const ends = await this.#log.ends(['deliveries']);
    const from = { ...ends, [positionKey('deliveries', held.partition)]: held.offset };
    const { signal } = new AbortController();
    for await (const batch of this.#log.read({ topics: ['deliveries'], from, follow: false, signal })) {
      for (const record of batch) outstanding.fill(record);
      const own = batch.find(({ partition, offset }) => partition === held.partition && offset === held.offset);
      // Handed out even where there was no room to keep it.
      return outstanding.current(held) && (own?.value as DeliveryRequested | undefined);
    }
    return undefined;
  }
}
