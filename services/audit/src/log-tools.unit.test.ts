import { rough, running, SimulatedLog } from '@tocsin/conformance';
import {
  type AnyProcessor,
  type Append,
  type AuditRecord,
  type Event,
  eventDefinitionOf,
  exportLog,
  jsonCodec,
  type Processor,
  parseAuditRecord,
  type Recorded,
  replayLog,
  type SignalView,
  verifyLog,
} from '@tocsin/core';
import { nodeDigest } from '@tocsin/runtime';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sampleEvent } from '../test/fixture.ts';
import { auditProcessor } from './audit-processor.ts';
import { verifyExport } from './verify-export.ts';

/** Writes the events that its commands carry: stands for the services whose topics are audited. */
const scribe: Processor<never> = {
  id: 'scribe',
  inputs: [{ topic: 'commands', onBad: 'stop' }],
  outputs: ['signals', 'triage-events'],
  state: jsonCodec<never>(1),
  keys: () => [],
  step: (_, { key, value }) => ({
    puts: new Map(),
    out: [{ ...(value as { topic: 'signals' }), key, value: (value as { event: Event }).event }],
  }),
};
const opening = (id: string) => ({
  topic: 'signals' as const,
  event: {
    ...sampleEvent(0, 0).event,
    type: 'signal.opened',
    id: `${id}-opened`,
    subject: id,
    data: { id, entities: [], tags: [], samples: [] },
  },
});

/** So much for four partitions: a few signals are opened, then told about. */
function appendsOf(count: number): readonly Append[] {
  return Array.from({ length: 4 }, (_, shard) => shard).flatMap((shard) => {
    const openings = Array.from({ length: 5 }, (_, n) => opening(`signal-${shard}-${n}`));
    const told = Array.from({ length: count }, (_, n) => sampleEvent(shard, n));
    return [...openings, ...told].map(
      ({ topic, event }): Append =>
        topic === 'activity'
          ? { topic, key: event.subject, shard, value: event }
          : { topic: 'commands', key: event.subject, shard, value: { topic, event } },
    );
  });
}

async function recordsOf(log: SimulatedLog, topics: readonly ('audit' | 'signals' | 'triage-events' | 'activity')[]) {
  const records: Recorded[] = [];
  const reading = log.read({ topics, from: 'start', follow: false, signal: new AbortController().signal });
  for await (const batch of reading) records.push(...batch);
  return records;
}

it('records each event exactly once and gapless on several partitions, whatever crashes, and all tools agree', () =>
  fc.assert(
    fc.asyncProperty(fc.integer(), fc.integer({ min: 1, max: 25 }), fc.boolean(), async (seed, count, fused) => {
      let now = Date.UTC(2026, 0, 3);
      const log = new SimulatedLog({ seed, clock: () => now, chaos: rough });
      const audit = auditProcessor({ digest: nodeDigest });
      const list = scribe as unknown as AnyProcessor;
      const runs = fused ? [running(log, [list, audit])] : [running(log, [list]), running(log, [audit])];
      const appended = appendsOf(count);
      for (const part of [appended.slice(0, 40), appended.slice(40)]) {
        const done = log.append(part);
        await log.settled();
        await done;
      }
      now += 60_000;
      await log.settled();
      const events = await recordsOf(log, ['signals', 'triage-events', 'activity']);
      const records = (await recordsOf(log, ['audit'])).map(({ value }) => parseAuditRecord(value as string));
      expect(records.map(({ event }) => event.id).sort()).toEqual(
        events.map(({ value }) => (value as Event).id).sort(),
      );
      expectGapless(records);
      await expectTools(log, events);
      const stopped = Promise.allSettled(runs.map((run) => run.stop()));
      await log.settled();
      await stopped;
      log.close();
    }),
    { numRuns: 12 },
  ));

function expectGapless(records: readonly AuditRecord[]): void {
  for (let partition = 0; partition < 4; partition++) {
    const seqs = records.filter(({ stream }) => stream === `audit-${partition}`).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.map((_, at) => at));
  }
}

async function expectTools(log: SimulatedLog, events: readonly Recorded[]): Promise<void> {
  const reading = () => ({ digest: nodeDigest, signal: new AbortController().signal });
  expect(await verifyLog(log, reading())).toMatchObject({ ok: true, records: events.length, faults: [] });
  async function* exported(): AsyncGenerator<string> {
    for await (const lines of exportLog(log, reading())) yield `${lines}\n`;
  }
  expect(await verifyExport(exported())).toMatchObject({ ok: true, records: events.length });
  expect(await replayLog(log, reading())).toEqual(foldedViews(events));
}

function foldedViews(records: readonly Recorded[]): ReadonlyMap<string, SignalView> {
  const views = new Map<string, SignalView>();
  const first = records.filter(({ topic }) => topic === 'signals');
  for (const { value } of [...first, ...records.filter(({ topic }) => topic === 'triage-events')]) {
    const event = value as Event;
    const view = eventDefinitionOf(event.type)?.evolve?.(views.get(event.subject), event.data as never, event as never);
    if (view) views.set(event.subject, view);
  }
  return views;
}
