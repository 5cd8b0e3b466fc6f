import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Missing, type StartedRedis, startRedis } from '../../../../infra/native/index.ts';
import { job, JobInstance, type JobInstanceAbout } from '../../test/job-instance.ts';

// These end the server and wipe it, so it is always one of their own.
const redis = await startRedis().catch(skipped);
afterAll(() => redis?.stop());

function skipped(error: unknown): undefined {
  if (!(error instanceof Missing) || process.env.TOCSIN_CLUSTER === 'required') throw error;
  console.warn(`SKIPPED: faults of the job queue need Redis. ${error.message}`);
}

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

function instance(about: JobInstanceAbout): JobInstance {
  const made = new JobInstance(about);
  closing.push(() => made.close());
  return made;
}

const names = (count: number): readonly string[] => Array.from({ length: count }, (_, i) => `job-${i}`);

const cases: Readonly<Record<string, (server: StartedRedis, prefix: string) => Promise<void>>> = {
  'two processes share the work, and each job runs in one of them': async ({ url }, prefix) => {
    const [first, second] = [instance({ url, prefix }), instance({ url, prefix })];
    await Promise.all([first.ready(), second.ready()]);
    // Neither has room for all of what hangs, so both must take some.
    for (const one of [first, second]) one.work(() => true, { perGroup: 3, total: 3 });
    await Promise.all([first, second].map(({ queue }) => queue.add(names(6).map((id) => job(id)))));
    await Promise.all([first.until(() => first.started.length === 3), second.until(() => second.started.length === 3)]);
    expect([...first.started, ...second.started].sort()).toEqual(names(6));
  },

  'a group that another process has added is worked on, and its pause holds here, too': async ({ url }, prefix) => {
    const [adding, working] = [instance({ url, prefix }), instance({ url, prefix }).work()];
    await Promise.all([adding.ready(), working.ready()]);
    await adding.queue.add([job('a', { group: 'new' })]);
    await working.until(() => working.started.includes('a'));
    const until = Date.now() + 400;
    await adding.queue.pause('new', until);
    await adding.queue.add([job('b', { group: 'new' })]);
    await working.until(() => working.started.includes('b'));
    expect(Date.now()).toBeGreaterThanOrEqual(until - 5);
  },

  'what was done is not done again by a process that adds it late; what threw may be': async ({ url }, prefix) => {
    const [first, late] = [1, 2].map(() => instance({ url, prefix, rememberMs: 60_000 }));
    if (!first || !late) throw new Error('there are two');
    await Promise.all([first.ready(), late.ready()]);
    first.failing.add('b');
    first.work();
    await first.queue.add([job('a'), job('b')]);
    await first.until(() => first.started.length === 2);
    await first.close();
    late.work();
    await late.queue.add([job('a'), job('b'), job('c', { lane: 'a' })]);
    await late.until(() => late.started.length === 2);
    expect(late.started.sort()).toEqual(['b', 'c']);
  },

  'what a killed process had begun is begun again by another, and its lane goes on': async ({ url }, prefix) => {
    const lockMs = 600;
    const other = hangingWorker([url, prefix, String(lockMs)]);
    const live = instance({ url, prefix, lockMs });
    await live.ready();
    await live.queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' })]);
    for await (const line of createInterface({ input: other.stdout })) if (line === 'a') break;
    const exited = once(other, 'exit');
    other.kill('SIGKILL');
    await exited;
    live.work();
    await live.until(() => live.started.includes('b'));
    expect(live.started).toEqual(['a', 'b']);
  },

  'a wipe in the middle of jobs is noticed, and what is added again runs': async ({ url }, prefix) => {
    const one = instance({ url, prefix }).work((id) => id === 'a');
    await one.ready();
    await one.queue.add([
      job('a', { lane: 'l' }),
      job('b', { lane: 'l' }),
      job('c', { runAt: Date.now() + 3_600_000 }),
    ]);
    await one.until(() => one.started.includes('a'));
    const lost = one.lost();
    await one.client.redis.flushall();
    await lost;
    expect(await one.queue.counts()).toEqual({ waiting: 0, running: 0 });
    one.hanging.get('a')?.();
    await one.queue.add([job('b', { lane: 'l' }), job('c')]);
    await one.until(() => one.started.length === 3);
    expect(one.started.slice(1).sort()).toEqual(['b', 'c']);
    await one.queue.add(names(20).map((id) => job(id, { lane: `lane-${Number(id.slice(4)) % 3}` })));
    await one.until(() => one.started.length === 23);
  },

  'an end that comes after a wipe leaves the lane of the repeat alone': async ({ url }, prefix) => {
    const one = instance({ url, prefix }).work((id) => id === 'a');
    await one.ready();
    await one.queue.add([job('a', { lane: 'l' })]);
    await one.until(() => one.started.length === 1);
    const firstEnd = one.hanging.get('a');
    const lost = one.lost();
    await one.client.redis.flushall();
    await lost;
    await one.queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' })]);
    await one.until(() => one.started.length === 2);
    firstEnd?.();
    await one.queue.add([job('witness')]);
    await one.until(() => one.started.includes('witness'));
    expect(one.started).toEqual(['a', 'a', 'witness']);
    one.hanging.get('a')?.();
    await one.until(() => one.started.includes('b'));
  },

  'Redis ends and comes back empty: nobody fails, and what is added again runs': async ({ url, server }, prefix) => {
    const one = instance({ url, prefix }).work((id) => id === 'a');
    await one.ready();
    await one.queue.add([job('a', { lane: 'l' }), job('b', { lane: 'l' })]);
    await one.until(() => one.started.includes('a'));
    await server.signal('SIGKILL');
    one.hanging.get('a')?.();
    await one.queue.add([job('c')]);
    await expect(one.queue.counts()).rejects.toThrow(/^Redis at redis:\/\/127.0.0.1:\d+: .*; /);
    const lost = one.lost();
    await server.startAgain();
    await lost;
    await one.queue.add([job('b', { lane: 'l' }), job('c')]);
    await one.until(() => one.started.includes('b') && one.started.includes('c'));
    expect(one.started).toHaveLength(3);
    expect(one.said.every((line) => !line.includes('\n'))).toBe(true);
  },

  'Redis does not answer for a while: adding does not hang, and what it missed is asked for': async (
    { url, server },
    prefix,
  ) => {
    const one = instance({ url, prefix, answerWithinMs: 1_000 }).work();
    await one.ready();
    await one.queue.add([job('before')]);
    await one.until(() => one.started.includes('before'));
    await server.signal('SIGSTOP');
    const lost = one.lost();
    await one.queue.add([job('a')]);
    expect(one.said.join()).toMatch(/no answer within/);
    await server.signal('SIGCONT');
    await lost;
    await one.queue.add([job('a')]);
    await one.until(() => one.started.includes('a'));
  },

  'Redis is away at the start: one line says so, and work begins when it is there': async ({ url, server }, prefix) => {
    await server.signal('SIGKILL');
    const one = instance({ url, prefix }).work();
    const lost = one.lost();
    await one.queue.add([job('a')]);
    await one.until(() => one.said.length > 0);
    await server.startAgain();
    await lost;
    await one.queue.add([job('a')]);
    await one.until(() => one.started.includes('a'));
    const refused = one.said.filter((line) => line.includes('ECONNREFUSED'));
    expect(refused).toHaveLength(1);
    expect(refused[0]).toMatch(/nobody listens there: start it/);
  },

  'work ends although Redis is away': async ({ url, server }, prefix) => {
    const one = instance({ url, prefix }).work((id) => id === 'a');
    await one.ready();
    await one.queue.add([job('a')]);
    await one.until(() => one.started.includes('a'));
    await server.signal('SIGKILL');
    await one.close();
    await server.startAgain();
  },

  'a Redis that may evict keys is named, with what to do': async ({ url }, prefix) => {
    const setting = instance({ url, prefix });
    await setting.ready();
    await setting.client.redis.config('SET', 'maxmemory-policy', 'allkeys-lru');
    const one = instance({ url, prefix });
    await one.until(() => one.said.length > 0);
    await setting.client.redis.config('SET', 'maxmemory-policy', 'noeviction');
    expect(one.said[0]).toMatch(/maxmemory-policy is allkeys-lru.*CONFIG SET maxmemory-policy noeviction/);
  },

  'a password that is missing or wrong is one line, and the URL gives it': async ({ url }, prefix) => {
    const setting = instance({ url, prefix });
    await setting.ready();
    await setting.client.redis.config('SET', 'requirepass', 'p:w');
    const [none, wrong, right] = ['', ':guess-me@', ':p%3Aw@'].map((login) =>
      instance({ url: url.replace('//', `//${login}`), prefix }),
    );
    if (!none || !wrong || !right) throw new Error('there are three');
    await none.until(() => none.said.some((line) => line.includes('put it into the URL')));
    await wrong.until(() => wrong.said.some((line) => line.includes('refused user or password')));
    expect(wrong.said.join()).not.toContain('guess-me');
    await right.ready();
    right.work();
    await right.queue.add([job('a')]);
    await right.until(() => right.started.includes('a'));
    await right.client.redis.config('SET', 'requirepass', '');
  },
};

function hangingWorker(parameters: readonly string[]) {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const main = join(import.meta.dirname, '..', '..', 'test', 'hanging-worker.ts');
  const flags = ['--import', loader, '--conditions', '@tocsin/source'];
  const child = spawn(process.execPath, [...flags, main, ...parameters], { stdio: ['ignore', 'pipe', 'inherit'] });
  closing.push(async () => void child.kill('SIGKILL'));
  return child;
}

for (const [name, check] of Object.entries(cases)) {
  if (redis) it(name, () => check(redis, `{${randomUUID()}}`));
  else it.skip(`${name} (no Redis here)`);
}
