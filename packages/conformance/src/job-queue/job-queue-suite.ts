import type { Instant, Job, JobQueue } from '@tocsin/core';
import { expect } from 'vitest';
import { type Capability, type Case, suiteOf } from '../suite.ts';
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

type JobQueueCase = Case<JobQueueHarness>;

async function withShop(
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

const job = (id: string, about: Partial<Job<string>> = {}): Job<string> => ({
  id,
  lane: id,
  group: 'g',
  runAt: 0,
  data: id,
  ...about,
});
const jobs = (count: number, about: (i: number) => Partial<Job<string>>): readonly Job<string>[] =>
  Array.from({ length: count }, (_, i) => job(`job-${i}`, about(i)));
const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `job-${i}`);

const ordering: readonly JobQueueCase[] = [
  {
    name: 'jobs of a lane run one after another, in the order of adding',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        const lanes = jobs(30, (i) => ({ lane: `lane-${i % 3}` }));
        shop.work({ perGroup: 8, total: 8 });
        for (const one of lanes) await queue.add([one]);
        for (let done = 0; done < 30; done++) shop.finish((await shop.nextStarted()).id);
        await shop.idle();
        for (const lane of ['lane-0', 'lane-1', 'lane-2'])
          expect(shop.started.filter((one) => one.lane === lane).map(({ id }) => id)).toEqual(
            lanes.filter((one) => one.lane === lane).map(({ id }) => id),
          );
        expect(shop.mostInLane).toBe(1);
      }),
  },
  {
    name: 'a job holds its lane until its handler settles',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' }), job('c', { lane: 'm' })]);
        shop.work({ perGroup: 8, total: 8 });
        expect([(await shop.nextStarted()).id, (await shop.nextStarted()).id].sort()).toEqual(['a', 'c']);
        expect(await queue.counts()).toEqual({ waiting: 1, running: 2 });
        shop.finish('a');
        expect((await shop.nextStarted()).id).toBe('b');
      }),
  },
];

const limits: readonly JobQueueCase[] = [
  {
    name: 'never more than perGroup of one group, never more than total at once',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add(jobs(40, (i) => ({ group: `group-${i % 4}` })));
        shop.work({ perGroup: 2, total: 5 });
        for (let done = 0; done < 40; done++) shop.finish((await shop.nextStarted()).id);
        await shop.idle();
        expect(shop.mostInGroup).toBe(2);
        expect(shop.mostAtOnce).toBe(5);
      }),
  },
  {
    name: 'a group that hangs holds up no other',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add(jobs(20, (i) => ({ group: 'hanging', lane: `h-${i}` })));
        shop.work({ perGroup: 2, total: 4 });
        await shop.nextStarted();
        await shop.nextStarted();
        await queue.add(Array.from({ length: 10 }, (_, i) => job(`ok-${i}`, { group: 'healthy' })));
        for (let done = 0; done < 10; done++) {
          const next = await shop.nextStarted();
          expect(next.group).toBe('healthy');
          shop.finish(next.id);
        }
        await shop.settled(10);
        expect(await queue.counts()).toEqual({ waiting: 18, running: 2 });
      }),
  },
  {
    name: 'a handler that throws ends its job and frees its place',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' })]);
        shop.work({ perGroup: 1, total: 1 });
        await shop.nextStarted();
        shop.fail('a');
        expect((await shop.nextStarted()).id).toBe('b');
        shop.finish('b');
        await shop.idle();
        expect(shop.started).toHaveLength(2);
      }),
  },
];

const timing: readonly JobQueueCase[] = [
  {
    name: 'a job does not run before its time, and runs then',
    check: (harness) =>
      withShop(harness, async (shop, { queue, now, passed }) => {
        const due = now() + 250;
        await queue.add([job('later', { runAt: due }), job('now', { runAt: now() })]);
        shop.work({ perGroup: 4, total: 4 });
        expect((await shop.nextStarted()).id).toBe('now');
        await passed(200);
        expect(shop.started.map(({ id }) => id)).toEqual(['now']);
        await passed(60);
        expect((await shop.nextStarted()).id).toBe('later');
        expect(now()).toBeGreaterThanOrEqual(due);
      }),
  },
  {
    name: 'jobs whose time comes later do not hold up those of other lanes, and run in the order of their times',
    check: (harness) =>
      withShop(harness, async (shop, { queue, now, passed }) => {
        const start = now();
        await queue.add([300, 100, 200].map((after) => job(`job-${after}`, { runAt: start + after })));
        shop.work({ perGroup: 1, total: 1 });
        for (const after of [100, 200, 300]) {
          await passed(100);
          expect((await shop.nextStarted()).id).toBe(`job-${after}`);
          shop.finish(`job-${after}`);
        }
      }),
  },
  {
    name: 'a paused group rests until the instant, others go on',
    check: (harness) =>
      withShop(harness, async (shop, { queue, now, passed }) => {
        shop.work({ perGroup: 4, total: 4 });
        await queue.pause('resting', now() + 200);
        await queue.add([job('a', { group: 'resting' }), job('b', { group: 'busy' })]);
        expect((await shop.nextStarted()).id).toBe('b');
        await passed(150);
        expect(shop.started).toHaveLength(1);
        await passed(60);
        expect((await shop.nextStarted()).id).toBe('a');
      }),
  },
  {
    name: 'a pause that comes while jobs wait holds them, and the longer of two pauses counts',
    check: (harness) =>
      withShop(harness, async (shop, { queue, now, passed }) => {
        await queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' })]);
        shop.work({ perGroup: 1, total: 1 });
        await shop.nextStarted();
        await queue.pause('g', now() + 300);
        await queue.pause('g', now() + 100);
        shop.finish('a');
        await passed(200);
        expect(shop.started).toHaveLength(1);
        await passed(110);
        expect((await shop.nextStarted()).id).toBe('b');
      }),
  },
  {
    name: 'no job starts before its time, however close that is',
    check: (harness) =>
      withShop(harness, async (shop, { queue, now, passed }) => {
        const start = now();
        shop.work({ perGroup: 40, total: 40 });
        await queue.add(jobs(40, (i) => ({ runAt: start + ((i * 37) % 400) })));
        for (let turn = 0; turn < 11; turn++) await passed(40);
        for (const id of ids(40)) shop.finish(id);
        await shop.settled(40);
        expect(shop.early).toEqual([]);
        expect(shop.started).toHaveLength(40);
      }),
  },
  {
    name: 'a pause holds a group that waits only for a free place',
    check: (harness) =>
      withShop(harness, async (shop, { queue, now, passed }) => {
        await queue.add([job('a', { group: 'first' }), job('b', { group: 'second' })]);
        shop.work({ perGroup: 1, total: 1 });
        const { id, group } = await shop.nextStarted();
        await queue.pause(group === 'first' ? 'second' : 'first', now() + 200);
        shop.finish(id);
        await shop.idle();
        expect(shop.started).toHaveLength(1);
        await passed(210);
        expect((await shop.nextStarted()).id).not.toBe(id);
      }),
  },
];

const identity: readonly JobQueueCase[] = [
  {
    name: 'adding an id again while it waits or runs does nothing; afterwards it is a new job',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add([job('a'), job('a'), job('a', { lane: 'elsewhere' })]);
        expect(await queue.counts()).toEqual({ waiting: 1, running: 0 });
        shop.work({ perGroup: 4, total: 4 });
        await shop.nextStarted();
        await queue.add([job('a'), job('b')]);
        expect((await shop.nextStarted()).id).toBe('b');
        shop.finish('a');
        shop.finish('b');
        await shop.idle();
        await queue.add([job('a')]);
        expect((await shop.nextStarted()).id).toBe('a');
        shop.finish('a');
        await shop.idle();
        expect(shop.started.map(({ id }) => id)).toEqual(['a', 'b', 'a']);
      }),
  },
  {
    name: 'every job runs once, with its data',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        shop.work({ perGroup: 3, total: 7 });
        await queue.add(jobs(100, (i) => ({ group: `group-${i % 6}`, lane: `lane-${i % 17}`, data: `data-${i}` })));
        for (let done = 0; done < 100; done++) shop.finish((await shop.nextStarted()).id);
        await shop.idle();
        expect(shop.started.map(({ id }) => id).sort()).toEqual([...ids(100)].sort());
        expect(shop.started.every(({ id, data }) => data === id.replace('job', 'data'))).toBe(true);
        expect(await queue.counts()).toEqual({ waiting: 0, running: 0 });
      }),
  },
];

const ending: readonly JobQueueCase[] = [
  {
    name: 'work ends when it is told to: no new job starts, and it waits for those that run',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add([job('a'), job('b')]);
        shop.work({ perGroup: 1, total: 1 });
        await shop.nextStarted();
        let ended = false;
        void shop.ended.then(() => {
          ended = true;
        });
        shop.abort();
        await new Promise((resolve) => setImmediate(resolve));
        expect(ended).toBe(false);
        expect(shop.signalled).toEqual(['a']);
        shop.finish('a');
        await shop.ended;
        expect(shop.started.map(({ id }) => id)).toEqual(['a']);
      }),
  },
  {
    name: 'what was waiting when the work ended is taken up by the next',
    check: (harness) =>
      withShop(harness, async (shop, { queue }) => {
        await queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' })]);
        shop.work({ perGroup: 1, total: 1 });
        await shop.nextStarted();
        shop.abort();
        shop.finish('a');
        await shop.ended;
        shop.work({ perGroup: 1, total: 1 });
        expect((await shop.nextStarted()).id).toBe('b');
      }),
  },
];

/** Everything that a job queue promises, as cases. */
export const jobQueueCases: readonly JobQueueCase[] = [...ordering, ...limits, ...timing, ...identity, ...ending];

/** Runs the cases on one queue. */
export const jobQueueSuite = (harness: JobQueueHarness): void => suiteOf('job queue', harness, jobQueueCases);
