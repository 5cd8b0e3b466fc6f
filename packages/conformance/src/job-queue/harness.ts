import type { Instant, Job, JobQueue } from '@tocsin/core';
import type { Capability, Case } from '../suite.ts';
import { Workshop } from './workshop.ts';

/** How the suite gets at one job queue. */
export interface JobQueueHarness {
  readonly name: string;
  readonly capabilities: Readonly<Record<never, Capability>>;
  open(): Promise<OpenedJobQueue>;
}

export interface OpenedJobQueue {
  readonly queue: JobQueue<string>;
  now(): Instant;
  /** Lets so much time pass for the queue, and with it whatever is due; waits where the queue has only the real clock. */
  passed(ms: number): Promise<void>;
  close(): Promise<void>;
}

export type JobQueueCase = Case<JobQueueHarness>;

/** Opens a queue with a workshop for one case. */
export async function withShop(
  harness: JobQueueHarness,
  use: (shop: Workshop, opened: OpenedJobQueue) => Promise<void>,
): Promise<void> {
  const opened = await harness.open();
  const shop = new Workshop(opened);
  try {
    await use(shop, opened);
  } finally {
    await shop.close();
    await opened.close();
  }
}

export const job = (id: string, about: Partial<Job<string>> = {}): Job<string> => ({
  id,
  lane: id,
  group: 'g',
  runAt: 0,
  data: id,
  ...about,
});
export const jobs = (count: number, about: (i: number) => Partial<Job<string>>): readonly Job<string>[] =>
  Array.from({ length: count }, (_, i) => job(`job-${i}`, about(i)));
export const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `job-${i}`);
