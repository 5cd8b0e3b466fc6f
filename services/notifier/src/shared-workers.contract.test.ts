import { randomUUID } from 'node:crypto';
import { BullmqJobQueue, RedisClient, redisBreakers } from '@tocsin/cluster';
import type { AnySink, Message } from '@tocsin/core';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { z } from 'zod';
import { resolveServer } from '../../../infra/native/index.ts';
import { Rig } from '../test/rig.ts';
import type { DeliveryJob } from './delivery-worker.ts';

const server = await resolveServer('redis', 'delivery workers that share BullMQ');
afterAll(() => server?.stop());

let rig: Rig;
let prefix: string;
const closing: (() => Promise<void>)[] = [];
beforeEach(async () => {
  rig = await Rig.start();
  prefix = `{${randomUUID()}}`;
});
afterEach(async () => {
  await rig.end();
  for (const close of closing.splice(0)) await close();
});

interface Delivered {
  readonly by: number;
  readonly signal: string;
}

/** A far end that says who came, and lets them go on when the test says so. */
class FarEnd {
  readonly came: Delivered[] = [];
  open = false;
  #waiting: (() => void)[] = [];

  /** As one worker sees it. */
  sink(by: number): AnySink {
    const deliver = async (message: Message) => {
      this.came.push({ by, signal: String(message.signal.id) });
      this.#tell();
      await this.until(() => this.open);
      return { verdict: { kind: 'delivered' } as const };
    };
    return { type: 'far', title: 'far', config: z.unknown(), secrets: [], followUps: [], deliver };
  }

  letGo(): void {
    this.open = true;
    this.#tell();
  }

  async until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #tell(): void {
    for (const tell of this.#waiting.splice(0)) tell();
  }
}

/** Workers with a connection of their own each, as in processes of their own. */
async function workers(farEnd: FarEnd, count: number): Promise<readonly RedisClient[]> {
  const clients = Array.from({ length: count }, () => new RedisClient({ url: server?.url ?? '' }));
  await Promise.all(clients.map(({ ready, redis }) => ready || new Promise((resolve) => redis.once('ready', resolve))));
  clients.forEach((client, by) => {
    const queue = new BullmqJobQueue<DeliveryJob>({ client, prefix, rememberMs: 600_000, checkEveryMs: 50 });
    closing.push(async () => {
      await queue.close();
      client.close();
    });
    const limits = { total: 2, perSink: 2, perSilentSink: 2, saveEveryMs: 5 };
    rig.worker({ queue, sinks: [farEnd.sink(by)], limits, breakers: redisBreakers({ client, prefix }) });
  });
  return clients;
}

const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `s${i}`);
const deliveredIn = (count: number) => rig.until(() => delivered().length >= count);
const delivered = () =>
  [...new Set(rig.reports.filter(({ data }) => data.verdict === 'delivered').map(({ subject }) => subject))].sort();

async function configured(): Promise<void> {
  await rig.configure('sink', { handle: 'far', type: 'far', config: {} });
  await rig.configure('notification_rule', { name: 'Everything', targets: ['@far'] });
}

const cases: Readonly<Record<string, () => Promise<void>>> = {
  'several workers share the deliveries, and each is made once': async () => {
    await configured();
    const farEnd = new FarEnd();
    await workers(farEnd, 2);
    for (const id of ids(30)) await rig.open(id);
    // Neither has room for four, so both have come.
    await farEnd.until(() => farEnd.came.length === 4);
    expect(farEnd.came.map(({ by }) => by).sort()).toEqual([0, 0, 1, 1]);
    farEnd.letGo();
    await deliveredIn(30);
    expect(farEnd.came.map(({ signal }) => signal).sort()).toEqual([...ids(30)].sort());
  },

  'a worker that comes later knows what the others have done': async () => {
    await configured();
    const farEnd = new FarEnd();
    farEnd.letGo();
    await workers(farEnd, 2);
    for (const id of ids(20)) await rig.open(id);
    await deliveredIn(20);
    await rig.stopWorkers();
    // Without what Redis remembers: the log alone must tell it.
    prefix = `{${randomUUID()}}`;
    await workers(farEnd, 1);
    await rig.open('last');
    await deliveredIn(21);
    expect(farEnd.came).toHaveLength(21);
  },

  'a wipe loses nothing, and repeats only what was under way': async () => {
    await configured();
    const farEnd = new FarEnd();
    const [client] = await workers(farEnd, 2);
    for (const id of ids(30)) await rig.open(id);
    await farEnd.until(() => farEnd.came.length === 4);
    const underWay = farEnd.came.map(({ signal }) => signal);
    await client?.redis.flushall();
    farEnd.letGo();
    await deliveredIn(30);
    expect(delivered()).toEqual([...ids(30)].sort());
    const came = farEnd.came.map(({ signal }) => signal);
    const repeated = came.filter((signal, at) => came.indexOf(signal) !== at);
    expect(repeated.filter((signal) => !underWay.includes(signal))).toEqual([]);
  },
};

for (const [name, check] of Object.entries(cases)) {
  if (server) it(name, check);
  else it.skip(`${name} (no Redis here)`);
}
