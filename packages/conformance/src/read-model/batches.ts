import { type Positions, positionKey, type Projection, type Recorded } from '@tocsin/core';
import { expect } from 'vitest';
import { Random } from '../simulation/random.ts';

/** Positions after some records. */
export function after(from: Positions, records: readonly Recorded[]): Positions {
  const to: Record<string, number> = { ...from };
  for (const { topic, partition, offset } of records) to[positionKey(topic, partition)] = offset + 1;
  return to;
}

/** Applies all of it from where the projection stands, in batches of any size; each must be taken. */
export async function applyAll(projection: Projection, records: readonly Recorded[], seed = 1): Promise<Positions> {
  const random = new Random(seed);
  let from = await projection.positions();
  for (let at = 0; at < records.length; ) {
    const batch = records.slice(at, at + random.between(1, 40));
    const to = after(from, batch);
    expect(await projection.apply(batch, from, to)).toBe('applied');
    from = to;
    at += batch.length;
  }
  return from;
}

/** Another order that a reader of several partitions may get: each partition in order, partitions and topics mixed. */
export function mixed(records: readonly Recorded[], seed: number): readonly Recorded[] {
  const random = new Random(seed);
  const queues = new Map<string, Recorded[]>();
  for (const record of records) {
    const place = positionKey(record.topic, record.partition);
    queues.set(place, [...(queues.get(place) ?? []), record]);
  }
  const out: Recorded[] = [];
  while (queues.size > 0) {
    const [place, queue] = random.pick([...queues]);
    out.push(...queue.splice(0, random.between(1, 5)));
    if (queue.length === 0) queues.delete(place);
  }
  return out;
}
