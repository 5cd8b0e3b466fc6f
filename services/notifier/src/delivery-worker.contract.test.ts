import { RecordingReceiver } from '@tocsin/conformance';
import { type AnySink, type EventLog, LogError, type Message } from '@tocsin/core';
import { sinks } from '@tocsin/sinks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Rig } from '../test/rig.ts';

let rig: Rig;
let receiver: RecordingReceiver;

beforeEach(async () => {
  [rig, receiver] = await Promise.all([Rig.start(), RecordingReceiver.start()]);
});
afterEach(async () => {
  await receiver.close();
  await rig.end();
});

async function hook(handle = 'hook', more: object = {}): Promise<void> {
  await rig.configure('sink', { handle, type: 'webhook', config: { url: receiver.url, ...more } });
}
const tell = (...targets: readonly string[]) => rig.configure('notification_rule', { name: 'Everything', targets });
const verdicts = () =>
  rig.reports.map(({ data }) => `${data.deliveryId} ${data.attempt}.${data.lease} ${data.verdict}`);

/** A sink of which the test decides everything. */
const own = (type: string, deliver: (message: Message) => ReturnType<AnySink['deliver']>): AnySink => ({
  type,
  title: type,
  config: z.unknown(),
  secrets: [],
  followUps: [],
  deliver,
});

describe('the delivery worker on the embedded log', () => {
  it('carries a signal to the far end and reports it', async () => {
    await hook();
    await tell('@hook');
    rig.worker();
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    expect(receiver.requests.map(({ id }) => id)).toEqual(['s1.hook.o1']);
    expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({
      type: 'signal.opened',
      data: { rule: { name: 'Everything' }, signal: { id: 's1', type: 'signal' } },
    });
    expect(rig.reports[0]?.data).toMatchObject({ sink: 'hook', attempt: 1, lease: 1, verdict: 'delivered' });
  });

  it('tries again when the ladder says so, under the same id', async () => {
    await hook();
    await tell('@hook');
    receiver.next({ status: 503 });
    rig.worker();
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    await rig.ahead(6_000);
    await rig.until((reports) => reports.length === 2);
    expect(receiver.requests.map(({ id }) => id)).toEqual(['s1.hook.o1', 's1.hook.o1']);
    expect(verdicts()).toEqual(['s1.hook.o1 1.1 retry', 's1.hook.o1 2.1 delivered']);
  });

  it('waits as long as the far end asks, and knocks for nobody else meanwhile', async () => {
    await hook();
    await tell('@hook');
    receiver.next({ status: 429, headers: { 'retry-after': '30' } });
    rig.worker();
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    expect(rig.reports[0]?.data.afterMs).toBe(30_000);
    await rig.open('s2');
    await rig.ahead(25_000);
    expect(receiver.requests).toHaveLength(1);
    await rig.ahead(6_000);
    await rig.open('s3');
    await receiver.waitForAccepted(3);
  });

  it('gives up at once where the far end refuses, and says so in the log', async () => {
    await hook();
    await tell('@hook');
    receiver.next({ status: 400 });
    rig.worker();
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    const events = (await rig.all('deliveries')).map(({ value }) => (value as { type: string }).type);
    expect(events).toEqual(['delivery.requested', 'delivery.abandoned']);
  });

  it('repeats after a crash only what was under way, and nothing that was reported', async () => {
    await hook();
    await tell('@hook');
    receiver.next({ hang: true });
    rig.worker({ limits: { graceMs: 0 } });
    await rig.open('s1');
    await receiver.waitFor(1);
    for (const id of ['s2', 's3', 's4']) await rig.open(id);
    await rig.until((reports) => reports.length === 3);
    await rig.stopWorkers();
    rig.worker();
    await rig.until((reports) => reports.length === 4);
    const [first, ...rest] = receiver.requests.map(({ id }) => id);
    expect([first, rest.at(-1)]).toEqual(['s1.hook.o1', 's1.hook.o1']);
    expect(rest.slice(0, 3).sort()).toEqual(['s2', 's3', 's4'].map((id) => `${id}.hook.o1`));
    expect(receiver.requests).toHaveLength(5);
  });

  it('begins where it stopped', async () => {
    await hook();
    await tell('@hook');
    rig.worker();
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    await rig.stopWorkers();
    expect(await rig.log.positions('delivery-worker')).toEqual({ 'deliveries/0': 1, 'attempts/0': 1 });
    await rig.open('s2');
    const later = rig.worker();
    await rig.until((reports) => reports.length === 2);
    expect(later.outstanding).toBe(0);
    expect(receiver.repeats).toBe(0);
  });

  it('goes on while positions cannot be saved, and saves them when they can', async () => {
    await hook();
    await tell('@hook');
    let refused = 0;
    const { log } = rig;
    const full: EventLog = {
      partitions: log.partitions,
      append: (records) => log.append(records),
      run: (processors, signal) => log.run(processors, signal),
      read: (request) => log.read(request),
      ends: (topics) => log.ends(topics),
      positions: (reader) => log.positions(reader),
      save: (reader, positions) =>
        refused++ < 3 ? Promise.reject(new LogError('unavailable', 'no space')) : log.save(reader, positions),
    };
    rig.worker({ log: full, limits: { saveEveryMs: 1 } });
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    while (refused <= 3) await rig.open(`s${refused + 2}`);
    await rig.stopWorkers();
    expect(await log.positions('delivery-worker')).toEqual(await log.ends(['deliveries', 'attempts']));
  });

  it('comes back to an instruction whose lease ended while no worker was there, and makes it once', async () => {
    await hook();
    await tell('@hook');
    await rig.open('s1');
    await rig.ahead(61_000);
    await rig.ahead(121_000);
    expect(await rig.all('deliveries')).toHaveLength(3);
    rig.worker();
    await rig.until((reports) => reports.length === 1);
    expect(verdicts()).toEqual(['s1.hook.o1 1.3 delivered']);
    expect(receiver.requests).toHaveLength(1);
  });

  it('lets a dead sink with a long queue delay nobody else', async () => {
    await hook();
    await rig.configure('sink', { handle: 'dead', type: 'hanging' });
    await tell('@dead', '@hook');
    const dead = own('hanging', () => new Promise(() => {}));
    rig.worker({ sinks: [...sinks, dead], limits: { timeoutMs: 60_000, graceMs: 0, keptPerSink: 5 } });
    for (let n = 0; n < 150; n += 1) await rig.open(`s${n}`);
    await receiver.waitForAccepted(150);
    expect(rig.reports.every(({ data }) => data.sink === 'hook')).toBe(true);
  });

  it('keeps slots free for a sink that answers when others take all they can get', async () => {
    await hook();
    const dead = own('hanging', () => new Promise(() => {}));
    for (const handle of ['dead-1', 'dead-2']) await rig.configure('sink', { handle, type: 'hanging' });
    await tell('@dead-1', '@dead-2', '@hook');
    for (let n = 0; n < 30; n += 1) await rig.open(`s${n}`);
    const limits = { timeoutMs: 60_000, graceMs: 0, perSink: 8, perSilentSink: 2, total: 16 };
    rig.worker({ sinks: [...sinks, dead], limits });
    await receiver.waitForAccepted(30);
    expect(rig.reports.every(({ data }) => data.sink === 'hook')).toBe(true);
  });

  it('reads an instruction again from the log when it has not kept the text', async () => {
    await hook();
    await tell('@hook');
    for (let n = 0; n < 20; n += 1) await rig.open(`s${n}`);
    rig.worker({ limits: { keptPerSink: 2 } });
    await receiver.waitForAccepted(20);
    expect(receiver.repeats).toBe(0);
  });

  it('opens the breaker of a sink that fails in a row, and closes it when one attempt gets through', async () => {
    await hook();
    await tell('@hook');
    receiver.always({ status: 500 });
    const states: string[] = [];
    rig.worker({
      limits: { breakerFailures: 3, breakerOpenMs: 200, perSink: 1 },
      observer: { breaker: ({ sink, state }) => states.push(`${sink} ${state}`) },
    });
    for (const id of ['s1', 's2', 's3']) await rig.open(id);
    await rig.until((reports) => reports.length === 3);
    expect(states).toEqual(['hook open']);
    receiver.always({});
    await rig.open('s4');
    // The breaker reads the wall clock; its 200 ms are waited for in earnest.
    await rig.until((reports) => reports.some(({ data }) => data.verdict === 'delivered'));
    expect(states).toEqual(['hook open', 'hook half-open', 'hook closed']);
    await rig.ahead(7_000);
    await receiver.waitForAccepted(4);
  });

  it('bounds an attempt in time, and takes a sink that throws for one that failed', async () => {
    await rig.configure('sink', { handle: 'slow', type: 'slow' });
    await rig.configure('sink', { handle: 'broken', type: 'broken' });
    await tell('@slow', '@broken');
    rig.worker({
      sinks: [own('slow', () => new Promise(() => {})), own('broken', () => Promise.reject(new Error('a bug')))],
      limits: { timeoutMs: 50 },
    });
    await rig.open('s1');
    await rig.until((reports) => reports.length === 2);
    expect(rig.reports.map(({ data }) => [data.sink, data.verdict, data.reason]).sort()).toEqual([
      ['broken', 'retry', 'a bug'],
      ['slow', 'retry', 'no verdict within 50 ms'],
    ]);
  });

  it('resolves secrets when it delivers, and lets none of them into a text', async () => {
    await rig.configure('sink', {
      handle: 'hook',
      type: 'webhook',
      config: { url: receiver.url, secret_headers: { 'X-Key': 'env:HOOK_KEY' } },
    });
    await rig.configure('sink', {
      handle: 'unset',
      type: 'webhook',
      config: { url: receiver.url, secret_headers: { 'X-Key': 'env:NOWHERE' } },
    });
    await tell('@hook', '@unset');
    rig.worker({ secretSources: { environment: { HOOK_KEY: 'sesame-open' } } });
    await rig.open('s1');
    await rig.until((reports) => reports.length === 2);
    expect(receiver.requests.map(({ headers }) => headers?.['x-key'])).toEqual(['sesame-open']);
    const unset = rig.reports.find(({ data }) => data.sink === 'unset');
    expect(unset?.data).toMatchObject({ verdict: 'retry', reason: 'secret_headers.X-Key: env:NOWHERE is not set' });
    expect(JSON.stringify([await rig.all('deliveries'), await rig.all('attempts')])).not.toContain('sesame');
  });

  it('starts a workflow with its inputs and a key that stays the same', async () => {
    const input = { name: 'host' };
    const url = `${receiver.url}/run`;
    await rig.configure('workflow', { handle: 'contain', security_trigger: true, url, inputs: [input] });
    await tell('@workflow-contain(host="web-1")');
    rig.worker();
    await rig.open('s1');
    await rig.until((reports) => reports.length === 1);
    expect(receiver.requests[0]?.path).toBe('/run');
    expect(receiver.requests[0]?.headers?.['idempotency-key']).toBe(rig.reports[0]?.data.deliveryId);
    expect(JSON.parse(receiver.requests[0]?.body ?? '')).toMatchObject({
      workflow: 'contain',
      inputs: { host: 'web-1' },
    });
  });

  it('does not deliver to a sink that was disabled meanwhile', async () => {
    await hook();
    await tell('@hook');
    await rig.open('s1');
    await rig.configure('sink', { handle: 'hook', type: 'webhook', enabled: false, config: { url: receiver.url } });
    rig.worker();
    await rig.until((reports) => reports.length === 1);
    expect(verdicts()).toEqual(['s1.hook.o1 1.1 rejected']);
    expect(receiver.requests).toHaveLength(0);
  });

  it('loses nothing and repeats only what was under way when it is killed again and again', async () => {
    await hook();
    await tell('@hook');
    receiver.next(...Array.from({ length: 120 }, (_, n) => (n % 3 === 0 ? { status: 503 } : {})));
    const limits = { graceMs: 0, perSink: 4, breakerFailures: 1_000 };
    const kills = 5;
    for (let kill = 1; kill <= kills; kill += 1) {
      rig.worker({ limits });
      for (let n = 0; n < 30; n += 1) await rig.open(`s${kill}x${n}`);
      await receiver.waitFor(20 * kill);
      await rig.stopWorkers();
    }
    rig.worker({ limits });
    for (let round = 0; round < 20 && receiver.acceptedIds.size < 30 * kills; round += 1) {
      const asked = await rig.asked();
      await rig.until((reports) =>
        asked.every((one) =>
          reports.some(({ data }) => data.deliveryId === one.deliveryId && data.attempt >= one.attempt),
        ),
      );
      await rig.ahead(61_000);
    }
    expect(receiver.acceptedIds.size).toBe(30 * kills);
    expect(receiver.requests.length - rig.reports.length).toBeLessThanOrEqual(kills * limits.perSink);
  });
});
