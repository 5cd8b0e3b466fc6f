import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { expect, onTestFinished, test } from 'vitest';
import { at, eventually, Stack } from '../e2e/stack-harness.ts';
import { runTocsin } from '../e2e/run-tocsin.ts';

const full = process.env.TOCSIN_FAULTS === 'full';
const list = '/api/v2/security_monitoring/signals?page[limit]=1000';
const signals = 60;

/** A stack with signals, some of them triaged, all of which were read once: so the read model is there. */
async function stackInUse(): Promise<Stack> {
  const stack = await Stack.start({ logLevel: 'error' });
  onTestFinished(() => stack.remove());
  await send(stack, 0, signals);
  const [first] = await listed(stack);
  const triaged = await stack.patch(`/api/v2/security_monitoring/signals/${first}/state`, {
    json: { data: { attributes: { state: 'under_review' } } },
  });
  expect(triaged.status).toBe(200);
  return stack;
}

async function send(stack: Stack, from: number, count: number): Promise<void> {
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ rule: 'r', title: 't', host: `host-${from + n}`, severity: 'high' }),
  );
  const { body } = await stack.post('/api/v2/detections/tocsin', { body: lines.join('\n') });
  expect(body).toMatchObject({ accepted: count });
}

async function listed(stack: Stack): Promise<readonly string[]> {
  const { status, body } = await stack.get(list);
  return status === 200 ? (at(body, 'data') as { id: string }[]).map(({ id }) => id) : [];
}

/** Everything is there again, and the same as what the audit log alone tells. */
async function expectWhole(stack: Stack, count: number): Promise<void> {
  await eventually('all signals', async () => (await listed(stack)).length === count || undefined);
  const replay = await runTocsin(['audit', 'replay', '--diff', '--data', stack.data]);
  expect(replay.stdout + replay.stderr).toMatch(`ok: ${count} signals`);
  expect(replay.code).toBe(0);
}

const folder = (stack: Stack): string => join(stack.data, 'read-model');

function filesUnder(path: string): readonly string[] {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

test('a read model that is deleted, in use or between two runs, is rebuilt from the log', async () => {
  const stack = await stackInUse();
  rmSync(folder(stack), { recursive: true });
  await send(stack, signals, signals);
  await expectWhole(stack, 2 * signals);
  expect(await stack.stop()).toBe(0);
  // It is not there when all of the first one's files were still open.
  rmSync(folder(stack), { recursive: true, force: true });
  await stack.resume();
  await expectWhole(stack, 2 * signals);
});

test('a read model that was killed while it was written is sound or rebuilt', async () => {
  const stack = await stackInUse();
  for (let turn = 1; turn <= (full ? 10 : 2); turn += 1) {
    await send(stack, turn * signals, signals);
    const asked = stack.get(list).catch(() => undefined);
    await stack.kill();
    await asked;
    await stack.resume();
    await expectWhole(stack, (turn + 1) * signals);
  }
});

interface Damage {
  readonly what: string;
  readonly of: (file: string) => boolean;
  readonly content: (size: number) => Buffer;
  /** Tried in every test run; the others in the long form. */
  readonly short?: true;
}
const noise = (size: number): Buffer => Buffer.alloc(size, 'no database');
const damages: readonly Damage[] = [
  { what: 'every file overwritten', of: () => true, content: noise, short: true },
  { what: 'every file emptied', of: () => true, content: () => Buffer.alloc(0) },
  { what: 'its control file overwritten', of: (file) => file.endsWith('pg_control'), content: noise },
  { what: 'its tables overwritten', of: (file) => /\/base\/\d+\/\d+$/.test(file), content: noise },
  { what: 'its own tables overwritten', of: isOwnTable, content: noise, short: true },
  { what: 'its own tables emptied', of: isOwnTable, content: () => Buffer.alloc(0) },
  { what: 'its write-ahead log overwritten', of: (file) => /\/pg_wal\/[0-9A-F]{24}$/.test(file), content: noise },
];

/** The ids of what PostgreSQL brings along are lower. */
function isOwnTable(file: string): boolean {
  return Number(/\/base\/\d+\/(\d+)$/.exec(file)?.[1] ?? 0) >= 16_384;
}

for (const { what, of, content, short } of damages)
  test.runIf(full || short)(`a read model with ${what} is rebuilt from the log, and delays nothing`, async () => {
    const stack = await stackInUse();
    await stack.stop();
    const files = filesUnder(folder(stack)).filter(of);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) writeFileSync(file, content(statSync(file).size));
    await stack.resume();
    // Neither readiness nor intake waits for it.
    expect((await stack.get('/readyz')).status).toBe(200);
    expect(at((await stack.get('/api/v2/status')).body, 'data', 'attributes', 'read_model')).toBe('not used yet');
    await send(stack, signals, 1);
    await expectWhole(stack, signals + 1);
  });
