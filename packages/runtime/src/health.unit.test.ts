import { describe, expect, it } from 'vitest';
import { EventLoopWatch } from './event-loop-watch.ts';
import { Health } from './health.ts';
import { Metrics } from './metrics.ts';

const blockFor = (ms: number): void => {
  const end = performance.now() + ms;
  while (performance.now() < end);
};

describe('Health', () => {
  it('is ready when every check is, and gives the reasons when not', () => {
    const health = new Health();
    let reading = true;
    health.check('event-log', () => undefined);
    health.check('read-model', () => (reading ? 'catching up' : undefined));
    expect(health.readiness()).toEqual({ ready: false, checks: { 'event-log': 'ready', 'read-model': 'catching up' } });
    reading = false;
    expect(health.readiness().ready).toBe(true);
  });

  it('takes a check that throws for not ready, and shows nothing of the error', () => {
    const health = new Health();
    health.check('broken', () => {
      throw new Error('s3cret');
    });
    expect(health.readiness()).toEqual({ ready: false, checks: { broken: 'the check itself failed' } });
  });

  it('stays live while a dependency is down, and dies of what is fatal only', () => {
    const health = new Health();
    health.check('kafka', () => 'down');
    expect(health.liveness()).toEqual({ live: true, reasons: [] });
    health.fatal('task 3 stopped: gap at offset 7');
    expect(health.liveness()).toEqual({ live: false, reasons: ['task 3 stopped: gap at offset 7'] });
  });
});

describe('EventLoopWatch', () => {
  it('sees a blocked loop, while it is blocked and in the histogram', async () => {
    const loop = new EventLoopWatch();
    const metrics = new Metrics({ service: 'test' });
    metrics.watch(loop);
    const measured = new Promise<number>((resolve) => loop.onDelay((delayMs) => delayMs > 50 && resolve(delayMs)));
    loop.start();
    blockFor(80);
    expect(loop.delayMs).toBeGreaterThanOrEqual(60);
    expect(await measured).toBeGreaterThanOrEqual(60);
    loop.stop();
    const text = await metrics.exposition();
    expect(text).toMatch(/tocsin_event_loop_delay_seconds_bucket\{le="0.05",service="test"\} 0/);
    expect(text).toMatch(/tocsin_event_loop_delay_seconds_count\{service="test"\} 1/);
  });
});
