import { describe, expect, it } from 'vitest';
import { Pacer } from './pacer.ts';

describe('the pacer', () => {
  it('lets an idle task commit at once', () => {
    const pacer = new Pacer(100);
    const task = {};
    expect(pacer.lingerMs(task, 0)).toBe(0);
    pacer.committed(task, 0);
    expect(pacer.lingerMs(task, 10)).toBe(0);
    expect(pacer.lingerMs(task, 4)).toBe(6);
  });

  it('shares the commits of a second out among the busy tasks', () => {
    const pacer = new Pacer(100);
    const tasks = Array.from({ length: 8 }, () => ({}));
    for (const task of tasks) pacer.committed(task, 1_000);
    expect(pacer.lingerMs(tasks[0] ?? {}, 1_000)).toBe(80);
    for (const task of tasks.slice(1)) pacer.forget(task);
    expect(pacer.lingerMs(tasks[0] ?? {}, 1_000)).toBe(10);
  });
});
