import { expect } from 'vitest';
import { type JobQueueCase, job, jobs, withShop } from './harness.ts';

/** When jobs run: their own time, and pauses of their group. */
export const timingCases: readonly JobQueueCase[] = [
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
        for (let done = 0; done < 40; done++) shop.finish((await shop.nextStarted()).id);
        await shop.idle();
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
