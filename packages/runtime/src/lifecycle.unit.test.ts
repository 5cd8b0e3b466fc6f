import { describe, expect, it } from 'vitest';
import { Health } from './health.ts';
import { Lifecycle } from './lifecycle.ts';
import { createLogger } from './logger.ts';

function subject(gracefulMs = 1_000) {
  const lines: string[] = [];
  const log = createLogger({ service: 'test', destination: { write: (line: string) => lines.push(line) } });
  const health = new Health();
  const lifecycle = new Lifecycle({ log, health, gracefulMs });
  const events: string[] = [];
  const step = (name: string, stop?: () => void | Promise<void>, stopWithinMs?: number) =>
    lifecycle.step({
      name,
      start: () => void events.push(`+${name}`),
      stop: async () => {
        events.push(`-${name}`);
        await stop?.();
      },
      ...(stopWithinMs !== undefined && { stopWithinMs }),
    });
  return { lines, health, lifecycle, events, step };
}
const never = () => new Promise<void>(() => {});

describe('Lifecycle', () => {
  it('stops in the opposite order, once', async () => {
    const { lifecycle, events, step } = subject();
    await step('log');
    await step('worker');
    await step('http');
    expect(await Promise.all([lifecycle.stop(), lifecycle.stop()])).toEqual([true, true]);
    expect(events).toEqual(['+log', '+worker', '+http', '-http', '-worker', '-log']);
  });

  it('goes on when a step fails or hangs, names it, and says that it was not clean', async () => {
    const { lifecycle, lines, events, step } = subject();
    await step('first');
    await step('failing', () => Promise.reject(new Error('no')));
    await step('hanging', never, 30);
    expect(await lifecycle.stop()).toBe(false);
    expect(events.slice(3)).toEqual(['-hanging', '-failing', '-first']);
    expect(lines.join('')).toMatch(/"step":"hanging".*did not stop in time[\s\S]*"step":"failing".*failed to stop/);
  });

  it('keeps to its whole time when many steps hang', async () => {
    const { lifecycle, step } = subject(100);
    for (let i = 0; i < 3; i += 1) await step(`hanging ${i}`, never);
    const began = performance.now();
    expect(await lifecycle.stop()).toBe(false);
    expect(performance.now() - began).toBeLessThan(1_500);
  });

  it('is not ready once stopping, and lets waiting steps know', async () => {
    const { lifecycle, health } = subject();
    expect(health.readiness().ready).toBe(true);
    const stopped = lifecycle.stop();
    expect(health.readiness()).toEqual({ ready: false, checks: { lifecycle: 'stopping' } });
    expect(lifecycle.stopping.aborted).toBe(true);
    await stopped;
    await expect(lifecycle.step({ name: 'late', start: () => 1 })).rejects.toThrow('stopping');
  });

  it('also stops a step that was still starting', async () => {
    const { lifecycle } = subject();
    const events: string[] = [];
    let finish = () => {};
    const starting = lifecycle.step({
      name: 'slow',
      start: () => new Promise<string>((resolve) => (finish = () => resolve('resource'))),
      stop: (resource) => void events.push(`-${resource}`),
    });
    const refused = expect(starting).rejects.toThrow('stopping');
    const stopped = lifecycle.stop();
    finish();
    expect(await stopped).toBe(true);
    await refused;
    expect(events).toEqual(['-resource']);
  });

  it('hands on what a start threw, and keeps nothing of it', async () => {
    const { lifecycle } = subject();
    const boom = lifecycle.step({ name: 'boom', start: () => Promise.reject(new Error('no port')), stop: never });
    await expect(boom).rejects.toThrow('no port');
    expect(await lifecycle.stop()).toBe(true);
  });
});
