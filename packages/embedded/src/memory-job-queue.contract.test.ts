import { type JobQueueHarness, jobQueueSuite } from '@tocsin/conformance';
import { afterAll, beforeAll, vi } from 'vitest';
import { MemoryJobQueue } from './jobs/memory-job-queue.ts';

const harness: JobQueueHarness = {
  name: 'in memory',
  capabilities: {},
  open: async () => ({
    queue: new MemoryJobQueue<string>({ clock: Date.now }),
    now: Date.now,
    passed: async (ms) => {
      await vi.advanceTimersByTimeAsync(ms);
    },
    close: async () => {},
  }),
};

beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
});
afterAll(() => {
  vi.useRealTimers();
});

jobQueueSuite(harness);
