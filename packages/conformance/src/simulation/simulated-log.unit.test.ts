import { describe, expect, it } from 'vitest';
import { item, mapper } from '../event-log/scenario.ts';
import { rough } from './simulated-list.ts';
import { SimulatedLog } from './simulated-log.ts';

const chain = [
  mapper({ map: ({ value }) => [value, value] }),
  mapper({ id: 'test-second', inputs: ['signals'], output: 'deliveries', map: ({ seq }) => [seq] }),
];

async function history(seed: number): Promise<readonly unknown[]> {
  let now = 1_000;
  const log = new SimulatedLog({ seed, clock: () => now, chaos: rough });
  const abort = new AbortController();
  const running = log.run(chain, abort.signal);
  for (let turn = 0; turn < 30; turn++) {
    await log.append([item(turn, { shard: turn % 7 }), item(-turn, { shard: turn % 3 })]);
    now += 10;
  }
  await log.settled();
  abort.abort();
  await running;
  const records: unknown[] = [];
  const request = {
    topics: ['signals', 'deliveries'],
    from: 'start',
    follow: false,
    signal: new AbortController().signal,
  } as const;
  for await (const batch of log.read(request)) records.push(...batch);
  return records;
}

describe('the simulated log', () => {
  it('gives the same run for the same seed, and another one for another', async () => {
    const [first, again, other] = [await history(7), await history(7), await history(8)];
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
    expect(first).toHaveLength(240);
  });

  it('leaves gaps in the offsets, and none in the numbers of a topic with one writer', async () => {
    const records = (await history(3)) as { topic: string; partition: number; offset: number; seq: number }[];
    const signals = records.filter(({ topic, partition }) => topic === 'signals' && partition === 0);
    expect(signals.map(({ seq }) => seq)).toEqual(signals.map((_, i) => i));
    expect(signals.at(-1)?.offset).toBeGreaterThan(signals.length);
  });
});
