import { expect } from 'vitest';
import { suiteOf } from '../suite.ts';
import { ids, type JobQueueCase, type JobQueueHarness, job, jobs, withShop } from './harness.ts';
import { timingCases } from './timing-cases.ts';

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
export const jobQueueCases: readonly JobQueueCase[] = [...ordering, ...limits, ...timingCases, ...identity, ...ending];

/** Runs the cases on one queue. */
export const jobQueueSuite = (harness: JobQueueHarness): void => suiteOf('job queue', harness, jobQueueCases);
