import { readFileSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { RecordingReceiver } from '@tocsin/conformance';
import { afterAll, expect, onTestFailed, onTestFinished, test } from 'vitest';
import { at, eventually, Stack } from '../e2e/stack-harness.ts';
import { checkCommitted, committedIn, signalCounts } from './committed.ts';
import { SmallDisk } from './small-disk.ts';

const disk = SmallDisk.mount(64);
afterAll(() => disk?.unmount());
if (!disk) console.warn('skipped: a full disk is not tried, because nothing can be mounted here');

/** Processor time that a process has used, in milliseconds. */
function busyMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Longer than everything that writes now and then waits: positions (5 s), and in the long form checkpoints (60 s). */
const fullForMs = process.env.TOCSIN_FAULTS === 'full' ? 75_000 : 8_000;

interface Sent {
  readonly status: number;
  readonly ids: readonly string[];
}

let number = 0;
async function send(stack: Stack, hosts: readonly string[] = [`host-${number}`]): Promise<Sent> {
  number += 1;
  const about = { rule: 'r', title: 't', severity: 'high', message: 'x'.repeat(1_000), id: `n-${number}` };
  const json = hosts.map((host) => ({ ...about, host }));
  const { status, body } = await stack.post('/api/v2/detections/tocsin?ids=1', { json });
  return { status, ids: status === 202 ? (at(body, 'detections') as { id: string }[]).map(({ id }) => id) : [] };
}
const hotHosts = Array.from({ length: 100 }, (_, n) => `hot-${n}`);

test.runIf(disk)(
  'a full disk refuses what is sent, loses nothing that was acknowledged, and works again when there is space',
  async () => {
    const receiver = await RecordingReceiver.start({ content: false });
    const stack = await Stack.start({
      parent: disk?.path ?? '',
      rules: `sinks:\n  - handle: far-end\n    type: webhook\n    config:\n      url: ${receiver.url}\nrules:\n  - name: everything\n    targets: ["@far-end"]\n`,
    });
    onTestFinished(async () => {
      await stack.remove();
      await receiver.close();
    });
    onTestFailed(() => console.log(stack.stderr.slice(-4_000)));
    const acknowledged: string[] = [];
    const sendUntil = async (wanted: number): Promise<void> => {
      for (let sent = await send(stack); ; sent = await send(stack)) {
        acknowledged.push(...sent.ids);
        expect([202, 503]).toContain(sent.status);
        if (sent.status === wanted) return;
      }
    };

    // Signals that stay hot have an update to tell in a moment: something is then due that cannot be written.
    for (let times = 0; times < 3; times += 1) acknowledged.push(...(await send(stack, hotHosts)).ids);
    expect(acknowledged).toHaveLength(3 * hotHosts.length);
    disk?.fill(0);
    await sendUntil(503);
    const busy = busyMs(stack.pid);
    await pause(fullForMs);
    // It waits for space, and does not try without pause.
    expect(busyMs(stack.pid) - busy).toBeLessThan(fullForMs / 4);
    expect((await send(stack)).status).toBe(503);
    expect((await stack.get('/livez')).status).toBe(200);
    expect((await stack.get('/api/v2/status')).status).toBe(200);

    disk?.empty();
    await eventually('the intake takes detections again', async () => {
      const sent = await send(stack);
      acknowledged.push(...sent.ids);
      return sent.status === 202 || undefined;
    });
    const signals = acknowledged.length - 2 * hotHosts.length;
    await receiver.waitForAccepted(signals);
    await eventually('nothing is left to deliver', async () => {
      const { body } = await stack.get('/api/v2/status');
      const { waiting, running } = at(body, 'data', 'attributes', 'deliveries') as Record<string, number>;
      return (waiting === 0 && running === 0) || undefined;
    });
    expect(receiver.repeats).toBe(0);
    expect(await stack.stop()).toBe(0);

    const committed = await committedIn(stack.data);
    // What was refused must not be there either.
    const report = checkCommitted(committed, { acknowledged, possible: acknowledged });
    expect(report.findings).toEqual([]);
    expect(signalCounts(committed)).toHaveLength(signals);
  },
  300_000,
);
