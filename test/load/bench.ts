/**
 * The benchmarks, by name: `npm run bench -- latency`. Figures are for comparing on one machine; each prints a floor that was
 * measured in the same run, and the ratio to it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { detection, latencies, quantile, Receiver, Sender, type Target } from './rig.ts';
import { StackProcess } from './stack-process.ts';

const ms = (value: number): string => `${value.toFixed(1)} ms`;
const say = (text: string): void => console.log(text);

interface Measured {
  readonly p50: number;
  readonly p99: number;
  readonly sent: number;
  readonly arrived: number;
}

/** Detection to webhook at a fixed rate: five seconds to warm up, then `seconds` that count. */
async function pacedRun(target: Target, receiver: Receiver, perSecond: number, seconds: number): Promise<Measured> {
  const sender = new Sender(target, 64);
  const first = receiver.arrivals.size === 0 ? 0 : Math.max(...receiver.arrivals.keys()) + 1;
  const warm = await sender.paced(first, perSecond, 5);
  const sent = await sender.paced(first + warm, perSecond, seconds);
  await receiver.received(first + warm + sent, 10_000);
  const all = latencies(sender, receiver, first + warm, first + warm + sent);
  if (sender.refusals.size > 0) say(`  refused: ${JSON.stringify([...sender.refusals])}`);
  await sender.close();
  return { p50: quantile(all, 0.5), p99: quantile(all, 0.99), sent, arrived: all.length };
}

const show = (name: string, { p50, p99, sent, arrived }: Measured): void =>
  say(`${name}: p50 ${ms(p50)}, p99 ${ms(p99)}, ${arrived} of ${sent} arrived`);

/** The least that a durable relay does, in a process of its own. */
async function withFloor<T>(hook: string, work: (target: Target) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-floor-'));
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', join(import.meta.dirname, 'floor-server.ts'), join(folder, 'floor.db'), hook],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  try {
    const [url] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    return await work({ url, headers: {} });
  } finally {
    const exited = once(child, 'exit');
    child.kill();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  }
}

async function latency(seconds: number): Promise<void> {
  for (const rate of [1_000, 2_000]) {
    const receiver = await Receiver.start();
    const floor = await withFloor(receiver.url, (target) => pacedRun(target, receiver, rate, Math.min(10, seconds)));
    await receiver.close();
    const ours = await withStack(async (stack, far) => {
      const measured = await pacedRun(stack.target, far, rate, seconds);
      say(`  memory ${stack.rss().toFixed(0)} MB, event loop ${await loopDelay(stack)}, repeats ${far.repeats}`);
      return measured;
    });
    show(`floor  ${rate}/s`, floor);
    show(`tocsin ${rate}/s`, ours);
    say(`ratio  ${rate}/s: p50 × ${(ours.p50 / floor.p50).toFixed(1)}, p99 × ${(ours.p99 / floor.p99).toFixed(1)}`);
  }
}

/** Bars at 1,000/s: p50 ≤ 4 ms, p99 ≤ 25 ms; flat out ≥ 2,500/s acknowledged, deliveries at ≥ 90 % of that pace. */
async function flatOut(seconds: number): Promise<void> {
  await withStack(async (stack, receiver) => {
    const sender = new Sender(stack.target, 64);
    await sender.flatOut(0, 64, 5);
    const warm = { acknowledged: sender.acknowledged, arrived: receiver.arrivals.size, rss: stack.rss() };
    const started = performance.now();
    await sender.flatOut(1_000_000, 64, seconds);
    const took = (performance.now() - started) / 1000;
    const acknowledged = sender.acknowledged - warm.acknowledged;
    const arrived = receiver.arrivals.size - warm.arrived;
    await receiver.received(sender.acknowledged, 60_000);
    await sender.close();
    say(
      `flat out, 64 connections, ${seconds} s: acknowledged ${Math.round(acknowledged / took)}/s, delivered meanwhile ${Math.round(arrived / took)}/s (${((100 * arrived) / acknowledged).toFixed(0)} %)`,
    );
    say(
      `  memory ${warm.rss.toFixed(0)} → ${stack.rss().toFixed(0)} MB, delivered in the end ${receiver.arrivals.size} of ${sender.acknowledged}, repeats ${receiver.repeats}`,
    );
    say(`  balance ${JSON.stringify((await stack.status()).balance)}`);
  });
}

/** 100,000 detections over 200 groups in batches of 50. Bar: ≥ 20,000/s, exactly 200 signals with exact counts. */
async function groups(): Promise<void> {
  const stack = new StackProcess();
  await stack.start();
  try {
    const batches = Array.from({ length: 2_000 }, (_, batch) =>
      Array.from({ length: 50 }, (_, at) => detection(batch * 50 + at, `host-${(batch * 50 + at) % 200}`)).join('\n'),
    );
    const sender = new Sender(stack.target, 8);
    const started = performance.now();
    let next = 0;
    const worker = async (): Promise<void> => {
      for (let body = batches[next++]; body !== undefined; body = batches[next++]) await sender.send(body);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const took = (performance.now() - started) / 1000;
    await sender.close();
    say(
      `100,000 detections over 200 groups, batches of 50: ${Math.round(100_000 / took)}/s, refused ${sender.refusals.size}`,
    );
    say(`  memory ${stack.rss().toFixed(0)} MB, balance ${JSON.stringify((await stack.status()).balance)}`);
    const counts = await countsOf(stack);
    say(
      `  ${counts.length} signals, counts ${Math.min(...counts)}…${Math.max(...counts)}, sum ${counts.reduce((a, b) => a + b, 0)}`,
    );
  } finally {
    await stack.stop();
  }
  const again = await stack.start();
  say(`  ready again over 100,000 stored detections in ${ms(again)}`);
  await stack.stop();
  stack.remove();
}

/** Throttled updates come at the latest a minute after the last detection: wait for the counters to settle. */
async function countsOf(stack: StackProcess): Promise<readonly number[]> {
  for (let tries = 0; ; tries += 1) {
    const { data } = (await (await stack.get('/api/v2/security_monitoring/signals?page[limit]=1000')).json()) as {
      data: readonly { attributes: { custom: { workflow: { events_matched: number } } } }[];
    };
    const counts = data.map(({ attributes }) => attributes.custom.workflow.events_matched);
    if (counts.reduce((a, b) => a + b, 0) === 100_000 || tries === 30) return counts;
    await new Promise((resolve) => setTimeout(resolve, 3_000));
  }
}

/** Start-up and memory: bars ready ≤ 4 s first, ≤ 200 MB before the read model, ≤ 800 MB with it and 50,000 live signals. */
async function memory(): Promise<void> {
  const stack = new StackProcess();
  say(`first start: ready in ${ms(await stack.start())}, memory ${stack.rss().toFixed(0)} MB`);
  const sender = new Sender(stack.target, 8);
  for (let at = 0; at < 50_000; at += 100)
    await sender.send(Array.from({ length: 100 }, (_, n) => detection(at + n)).join('\n'));
  await sender.close();
  say(`50,000 live signals: memory ${stack.rss().toFixed(0)} MB before the read model is used`);
  const before = stack.rss();
  const asked = performance.now();
  for (let fresh = false; !fresh; ) {
    const page = (await (await stack.get('/api/v2/security_monitoring/signals?page[limit]=1')).json()) as {
      meta?: { warnings?: unknown };
    };
    fresh = page.meta?.warnings === undefined;
  }
  say(
    `read model complete after ${ms(performance.now() - asked)}: memory ${stack.rss().toFixed(0)} MB, its share ${(stack.rss() - before).toFixed(0)} MB`,
  );
  await stack.stop();
  say(`ready again in ${ms(await stack.start())}, memory ${stack.rss().toFixed(0)} MB`);
  await stack.stop();
  stack.remove();
}

async function withStack<T>(work: (stack: StackProcess, receiver: Receiver) => Promise<T>): Promise<T> {
  const receiver = await Receiver.start();
  const stack = new StackProcess(receiver.url);
  await stack.start();
  try {
    return await work(stack, receiver);
  } finally {
    await stack.stop();
    stack.remove();
    await receiver.close();
  }
}

/** p99 of the event loop delay, from the process's own metrics: the upper bound of the bucket that holds it. */
async function loopDelay(stack: StackProcess): Promise<string> {
  const text = await (await stack.get('/metrics')).text();
  const buckets = [...text.matchAll(/tocsin_event_loop_delay_seconds_bucket\{le="([^"]+)"[^}]*\} (\d+)/g)];
  const total = Number(buckets.at(-1)?.[2] ?? 0);
  const holding = buckets.find(([, , count]) => Number(count) >= total * 0.99);
  return `p99 ≤ ${Number(holding?.[1] ?? Number.NaN) * 1000} ms`;
}

const benchmarks: Readonly<Record<string, () => Promise<void>>> = {
  latency: () => latency(30),
  'latency-short': () => latency(10),
  'flat-out': () => flatOut(20),
  groups,
  memory,
};

const names = process.argv.slice(2);
const wanted = names.length > 0 ? names : ['latency', 'flat-out', 'groups', 'memory'];
for (const name of wanted) {
  const run = benchmarks[name];
  if (!run) {
    console.error(`There is no benchmark "${name}". Known: ${Object.keys(benchmarks).join(', ')}`);
    process.exit(2);
  }
  say(`── ${name}`);
  await run();
}
