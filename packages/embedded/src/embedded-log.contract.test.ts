import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EventLogHarness, eventLogSuite, type OpenedEventLog, type Running, running } from '@tocsin/conformance';
import {
  type AnyProcessor,
  type Entry,
  type EventLog,
  type Instant,
  jsonCodec,
  type Processor,
  type Recorded,
  type StateKey,
  type TopicName,
  topicNames,
} from '@tocsin/core';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { EmbeddedLog } from './log/embedded-log.ts';
import type { Silence } from './log/fused-engine.ts';

const began: Instant = Date.UTC(2026, 0, 1);

/**
 * Everything has one order here, so what a list took is read back from the log itself; the log tells where in it silences were
 * acted on.
 */
class OpenedEmbedded implements OpenedEventLog {
  readonly #directory = mkdtempSync(join(tmpdir(), 'tocsin-log-'));
  readonly #clock = (): Instant => this.#now;
  #generation = 0;
  #log: EmbeddedLog;
  #now = began;
  readonly #silences: Silence[] = [];
  #acting: Promise<unknown> = Promise.resolve();
  readonly #topics = new Set<TopicName>(topicNames);
  #abandoned: EmbeddedLog[] = [];

  constructor() {
    this.#log = this.#opened();
  }

  get log(): EventLog {
    return this.#log;
  }

  now(): Instant {
    return this.#now;
  }

  advance(ms: number): void {
    this.#now += ms;
  }

  /** A run catches up and lets what is due happen before it returns. */
  start(processors: readonly AnyProcessor[]): Running {
    for (const { id } of processors) this.#topics.add(`${id}.dead`);
    const started = running(this.#log, processors);
    this.#acting = this.#log.idle();
    return started;
  }

  async settled(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    await this.#log.idle();
    await new Promise((resolve) => setImmediate(resolve));
  }

  /**
   * What is on disk at this moment is what a killed process leaves. The old object writes to files that nobody opens again. A
   * silence that is being acted on is waited for: of one that was cut off, nobody could tell whether it is on disk.
   */
  async crash(): Promise<void> {
    await this.#acting;
    const from = this.#path();
    this.#abandoned.push(this.#log);
    this.#generation += 1;
    for (const suffix of ['', '-wal'])
      if (existsSync(from + suffix)) copyFileSync(from + suffix, this.#path() + suffix);
    this.#log = this.#opened();
  }

  async interleaving(processors: readonly AnyProcessor[]): Promise<readonly Entry[]> {
    const own = new Set(processors.flatMap(({ id, outputs }) => [...outputs, `${id}.dead`]));
    const wanted = new Set(
      processors.flatMap(({ inputs, tables = [] }) => [...inputs, ...tables].map(({ topic }) => topic as string)),
    );
    const silences = [...this.#silences];
    const idle = ({ until }: Silence): Entry => ({ kind: 'idle', until });
    const entries: Entry[] = [];
    for (const [gid, record] of (await this.#everything()).entries()) {
      while (silences[0] && silences[0].gid <= gid) entries.push(...silences.splice(0, 1).map(idle));
      if (wanted.has(record.topic) && !own.has(record.topic)) entries.push({ kind: 'record', record });
    }
    return [...entries, ...silences.map(idle)];
  }

  async states(processor: AnyProcessor): Promise<ReadonlyMap<StateKey, unknown>> {
    return this.#log.states(processor);
  }

  async close(): Promise<void> {
    for (const log of [...this.#abandoned, this.#log]) await log.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #path(): string {
    return join(this.#directory, `log-${this.#generation}.sqlite`);
  }

  /** All that it acts on is on disk before it may crash, so nothing that is told of here is lost. */
  #opened(): EmbeddedLog {
    return new EmbeddedLog({
      path: this.#path(),
      clock: this.#clock,
      onSilence: (silence) => this.#silences.push(silence),
    });
  }

  async #everything(): Promise<readonly Recorded[]> {
    const records: Recorded[] = [];
    const request = {
      topics: [...this.#topics],
      from: 'start',
      follow: false,
      signal: new AbortController().signal,
    } as const;
    for await (const batch of this.#log.read(request)) records.push(...batch);
    return records;
  }
}

const harness: EventLogHarness = {
  name: 'embedded',
  capabilities: { apart: { reason: 'all lists of one process share its transactions' }, atomicAppend: true },
  runs: 25,
  open: async () => new OpenedEmbedded(),
};

// The suite's clock stands still unless it is moved; wakes that a timer would run follow when the suite lets them.
beforeAll(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
});
afterAll(() => {
  vi.useRealTimers();
});

eventLogSuite(harness);

describe('the embedded log in silence', () => {
  const reminder = {
    id: 'reminder',
    inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
    outputs: ['signals'],
    state: jsonCodec<Instant>(1),
    keys: ({ key }) => [key],
    step: (_, { key }, { now }) => ({ puts: new Map([[key, now + 60_000]]), out: [] }),
    wakeAt: (at) => at,
    wake: (key, _, { now }) => ({ puts: new Map([[key, undefined]]), out: [{ topic: 'signals', key, value: now }] }),
  } satisfies Processor<Instant> as AnyProcessor;

  it('wakes by its own timer what is due, and not before', async () => {
    let now = began;
    const log = new EmbeddedLog({ path: ':memory:', clock: () => now });
    const abort = new AbortController();
    const run = log.run([reminder], abort.signal);
    const signals = log
      .read({ topics: ['signals'], from: 'start', follow: true, signal: abort.signal })
      [Symbol.asyncIterator]();
    await log.append([{ topic: 'grouped-detections', key: 'k', shard: 0, value: {} }]);
    now += 59_999;
    await vi.advanceTimersByTimeAsync(59_999);
    expect(await log.ends(['signals'])).toEqual({ 'signals/0': 0 });
    now += 1;
    vi.advanceTimersByTime(1);
    const { value: batch } = (await signals.next()) as { value: readonly Recorded[] };
    expect(batch.map(({ key, value, recordedAt }) => [key, value, recordedAt])).toEqual([
      ['k', began + 60_000, began + 60_000],
    ]);
    abort.abort();
    await run;
    await log.close();
  });
});
