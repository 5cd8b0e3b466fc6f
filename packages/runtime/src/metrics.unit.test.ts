import { describe, expect, it } from 'vitest';
import { Metrics } from './metrics.ts';

describe('Metrics', () => {
  it('exposes counters, gauges and histograms as text', async () => {
    const metrics = new Metrics({ service: 'test' });
    metrics.counter({ name: 'tocsin_a_total', help: 'A', labels: ['kind'] }).inc({ kind: 'x' }, 2);
    metrics.gauge({ name: 'tocsin_b', help: 'B', read: () => 7 });
    metrics.histogram({ name: 'tocsin_c_seconds', help: 'C', buckets: [1, 2] }).observe(1.5);
    const text = await metrics.exposition();
    expect(text).toContain('tocsin_a_total{kind="x",service="test"} 2');
    expect(text).toContain('tocsin_b{service="test"} 7');
    expect(text).toContain('tocsin_c_seconds_bucket{le="2",service="test"} 1');
    expect(metrics.contentType).toContain('text/plain');
  });

  it('gives the same metric for the same name, and refuses another kind under it', () => {
    const metrics = new Metrics({ service: 'test' });
    const counter = metrics.counter({ name: 'tocsin_a_total', help: 'A' });
    expect(metrics.counter({ name: 'tocsin_a_total', help: 'A' })).toBe(counter);
    expect(() => metrics.gauge({ name: 'tocsin_a_total', help: 'A' })).toThrow('tocsin_a_total');
  });

  it('keeps two processes in one program apart', async () => {
    const [one, other] = [new Metrics({ service: 'one' }), new Metrics({ service: 'other', processMetrics: true })];
    one.counter({ name: 'tocsin_a_total', help: 'A' }).inc();
    expect(await other.exposition()).not.toContain('tocsin_a_total');
    expect(await other.exposition()).toContain('process_resident_memory_bytes');
  });
});
