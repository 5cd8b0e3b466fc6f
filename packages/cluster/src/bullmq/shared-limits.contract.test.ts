import { randomUUID } from 'node:crypto';
import type { BreakerState } from '@tocsin/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { RedisBreakers } from './redis-breakers.ts';
import { RedisClient } from './redis-client.ts';
import { RedisRateWindows } from './redis-rate-windows.ts';

const server = await resolveServer('redis', 'breakers and rates shared by workers');
const clients: RedisClient[] = [];
beforeAll(async () => {
  if (!server) return;
  for (let i = 0; i < 2; i++) clients.push(new RedisClient({ url: server.url }));
  await Promise.all(clients.map(({ ready, redis }) => ready || new Promise((resolve) => redis.once('ready', resolve))));
});
afterAll(async () => {
  for (const client of clients) client.close();
  await server?.stop();
});

const [works, fails] = [async () => true, async () => false];

/** The same breakers as two workers see them. */
function workers({ failures, openMs }: { readonly failures: number; readonly openMs: number }) {
  const prefix = `{${randomUUID()}}`;
  const heard: [sink: string, state: BreakerState | 'first' | 'again'][] = [];
  const opened = (sink: string, first: boolean) => void heard.push([sink, first ? 'first' : 'again']);
  const changed = (sink: string, state: BreakerState) => void heard.push([sink, state]);
  const made = clients.map(
    (client) => new RedisBreakers<boolean>({ client, prefix, failures, openMs, opened, changed }, (ok) => !ok),
  );
  const [first, second] = made;
  if (!first || !second) throw new Error('there are two');
  return { first, second, heard, prefix };
}

describe.skipIf(!server)('breakers in Redis', () => {
  test('failures that workers have together open it for all; one trial closes it again', async () => {
    const { first, second, heard, prefix } = workers({ failures: 3, openMs: 600_000 });
    await first.run('a', fails);
    await second.run('a', fails);
    expect(await first.run('a', works)).toBe(true);
    for (const one of [first, second, first]) expect(await one.run('a', fails)).toBe(false);
    for (const one of [first, second]) expect(await one.run('a', works)).toBeUndefined();
    expect(await second.run('b', works)).toBe(true);
    // Its time is over.
    await clients[0]?.redis.hset(`${prefix}:breaker:a`, 'until', 1);
    let trial: Promise<boolean | undefined> = Promise.resolve(undefined);
    const decide = await new Promise<(ok: boolean) => void>((begun) => {
      trial = first.run('a', () => new Promise(begun));
    });
    expect(await second.run('a', works)).toBeUndefined();
    decide(true);
    expect(await trial).toBe(true);
    expect(await second.run('a', works)).toBe(true);
    expect(heard.map(([, state]) => state)).toEqual(['open', 'first', 'half-open', 'closed']);
  });

  test('a trial that fails opens it again, and so does one that throws; stragglers change nothing', async () => {
    const { first, second, heard, prefix } = workers({ failures: 1, openMs: 600_000 });
    let straggler: Promise<boolean | undefined> = Promise.resolve(undefined);
    const straggle = await new Promise<(ok: boolean) => void>((begun) => {
      straggler = second.run('a', () => new Promise(begun));
    });
    await first.run('a', fails);
    straggle(false);
    expect(await straggler).toBe(false);
    expect(heard.map(([, state]) => state)).toEqual(['open', 'first']);
    const over = () => clients[0]?.redis.hset(`${prefix}:breaker:a`, 'until', 1);
    await over();
    await first.run('a', fails);
    expect(await second.run('a', works)).toBeUndefined();
    await over();
    await expect(second.run('a', () => Promise.reject(new Error('a bug')))).rejects.toThrow('a bug');
    expect(await first.run('a', works)).toBeUndefined();
    expect(heard.slice(2).map(([, state]) => state)).toEqual([
      ...['half-open', 'open', 'again'],
      ...['half-open', 'open', 'again'],
    ]);
  });

  test('without Redis attempts are made', async () => {
    const lonely = new RedisClient({ url: 'redis://127.0.0.1:1' });
    const breakers = new RedisBreakers<boolean>(
      { client: lonely, failures: 1, openMs: 1, opened: () => {} },
      (ok) => !ok,
    );
    expect(await breakers.run('a', fails)).toBe(false);
    expect(await breakers.run('a', works)).toBe(true);
    expect(await new RedisRateWindows({ client: lonely }).take('a', { attempts: 1, perMs: 1 })).toBe(0);
    lonely.close();
  });
});

describe.skipIf(!server)('rate windows in Redis', () => {
  test('workers together take no more than the rate, then are told how long to wait', async () => {
    const prefix = `{${randomUUID()}}`;
    const windows = clients.map((client) => new RedisRateWindows({ client, prefix }));
    const rate = { attempts: 5, perMs: 600_000 };
    const waits = await Promise.all(Array.from({ length: 12 }, (_, i) => windows[i % 2]?.take('a', rate)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(5);
    for (const wait of waits.filter((one) => one !== 0)) {
      expect(wait).toBeGreaterThan(60_000);
      expect(wait).toBeLessThanOrEqual(120_000);
    }
    expect(await windows[0]?.take('b', rate)).toBe(0);
  });

  test('who waits as long as it was told may go', async () => {
    const window = new RedisRateWindows({ client: clients[0] as RedisClient, prefix: `{${randomUUID()}}` });
    const rate = { attempts: 1, perMs: 100 };
    expect(await window.take('a', rate)).toBe(0);
    for (let turn = 0; turn < 3; turn++) {
      let wait = await window.take('a', rate);
      while (wait > 0) {
        await new Promise((resolve) => setTimeout(resolve, wait));
        wait = await window.take('a', rate);
      }
    }
  });
});
