import { randomUUID } from 'node:crypto';
import { type JobQueueHarness, jobQueueSuite } from '@tocsin/conformance';
import { afterAll, beforeAll, it, vi } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { BullmqJobQueue } from './bullmq-job-queue.ts';
import { RedisClient } from './redis-client.ts';

const server = await resolveServer('redis', 'the job queue suite on BullMQ');

/** The hands of the clock move only when a case says so, so that no case depends on how fast this machine is. */
const harness = (url: string): JobQueueHarness => ({
  name: 'BullMQ',
  capabilities: {},
  open: async () => {
    const client = new RedisClient({ url, onTrouble: console.error });
    if (!client.ready) await new Promise((resolve) => client.redis.once('ready', resolve));
    const queue = new BullmqJobQueue<string>({ client, prefix: `{${randomUUID()}}` });
    return {
      queue,
      now: Date.now,
      passed: async (ms) => {
        vi.setSystemTime(Date.now() + ms);
        await new Promise((resolve) => setTimeout(resolve, ms));
      },
      close: async () => {
        await queue.close();
        client.close();
      },
    };
  },
});

if (server) {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterAll(async () => {
    vi.useRealTimers();
    await server.stop();
  });
  jobQueueSuite(harness(server.url));
} else it.skip('job queue: BullMQ (no Redis here)');
