import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AnyProcessor, CommandKeys, configAppend, configTable, type Event, type Recorded } from '@tocsin/core';
import { testCommandKeys } from '@tocsin/conformance';
import { EmbeddedLog } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import { checkSinkConfig } from '@tocsin/sinks';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { applyRulesFile } from './apply-rules-file.ts';
import { diffConfiguration } from './configuration-diff.ts';
import { controlProcessor } from './control-processor.ts';
import { parseRulesFile } from './rules-file.ts';

let folder: string;
let log: EmbeddedLog;
let running: Promise<void>;
let stopping: AbortController;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-rules-'));
  log = new EmbeddedLog({ path: ':memory:' });
  stopping = new AbortController();
  running = log.run([controlProcessor({ commands: testCommandKeys }) as AnyProcessor], stopping.signal);
});
afterEach(async () => {
  stopping.abort();
  await running;
  await log.close();
  await rm(folder, { recursive: true, force: true });
});

async function apply(text: string, withinMs = 10_000) {
  const path = join(folder, 'rules.yaml');
  await writeFile(path, text);
  return applyRulesFile({ log, signer: testCommandKeys, path, checkSinkConfig, withinMs });
}
async function recorded(): Promise<readonly Recorded[]> {
  const all: Recorded[] = [];
  const { signal } = stopping;
  for await (const batch of log.read({ topics: ['config'], from: 'start', follow: false, signal })) all.push(...batch);
  return all;
}
const events = async () => (await recorded()).map(({ value }) => value as Event);
const configuration = async () => (await recorded()).reduce(configTable.apply, configTable.initial);

const first = `
sinks: [{ handle: console, type: console }, { handle: other, type: console }]
workflows: [{ handle: w, url: 'https://a.example/', security_trigger: true, inputs: [{ name: host }] }]
rules:
  - { id: r1, name: One, targets: ['@console', '@workflow-w(host="a")'] }
  - { id: r2, name: Two, targets: ['@other'] }
lock: reopen-only
`;

test('a file becomes configuration events; the same file again writes nothing', async () => {
  expect(await apply(first)).toEqual({ created: 6, modified: 0, deleted: 0, unchanged: 0 });
  const before = await events();
  expect(before.map(({ type, by }) => [type, by?.actor])).toEqual(
    Array(6).fill(['config.created', { type: 'SYSTEM', id: 'rules-file', name: 'rules.yaml' }]),
  );
  expect(await apply(first)).toEqual({ created: 0, modified: 0, deleted: 0, unchanged: 6 });
  expect(await events()).toEqual(before);
});

test('changes that need an order find it: targets move, inputs are renamed, names are swapped, objects go', async () => {
  await apply(first);
  const second = `
sinks: [{ handle: pager, type: console }]
workflows: [{ handle: w, url: 'https://a.example/', security_trigger: true, inputs: [{ name: machine }] }]
rules:
  - { id: r1, name: Two, targets: ['@pager', '@workflow-w(machine="a")'] }
  - { id: r2, name: One, targets: ['@pager'] }
`;
  await apply(second);
  const now = await configuration();
  expect([...now.sink.keys()]).toEqual(['pager']);
  expect([...now.notification_rule.values()].map(({ id, value }) => [id, value.name, value.targets])).toEqual([
    ['r1', 'Two', ['@pager', '@workflow-w(machine="a")']],
    ['r2', 'One', ['@pager']],
  ]);
  expect(now.settings.size).toBe(0);
  await apply('');
  expect([...Object.values(await configuration())].map((held: ReadonlyMap<string, unknown>) => held.size)).toEqual([
    0, 0, 0, 0, 0, 0,
  ]);
  expect((await events()).filter(({ type }) => type === 'config.rejected')).toEqual([]);
});

test('a file with a mistake changes nothing and says where', async () => {
  await apply(first);
  const before = await events();
  await expect(apply('lock: all\nrules: [{ name: A, targets: ["@nobody"] }]')).rejects.toThrow(
    /rules\.yaml has a mistake:\n.*rules\.yaml:2:30: rules\[0\]\.targets\[0\]: no sink has the handle nobody/,
  );
  expect(await events()).toEqual(before);
});

test('a file that is not there is told as such', async () => {
  const path = join(folder, 'absent.yaml');
  await expect(applyRulesFile({ log, signer: testCommandKeys, path, checkSinkConfig })).rejects.toThrow(
    'cannot be read (ENOENT)',
  );
});

test('without the control processor it fails instead of waiting for ever', async () => {
  stopping.abort();
  await running;
  await expect(apply(first, 50)).rejects.toThrow('6 of 6 configuration commands got no answer');
});

const handles = fc.subarray(['a', 'b', 'c']);
const file = handles.chain((sinks) =>
  fc
    .uniqueArray(
      fc.record({
        id: fc.constantFrom('r1', 'r2', 'r3'),
        name: fc.constantFrom('X', 'Y', 'Z'),
        target: sinks.length > 0 ? fc.constantFrom(...sinks) : fc.constant('none'),
        enabled: fc.boolean(),
      }),
      { selector: ({ id }) => id, maxLength: sinks.length > 0 ? 3 : 0 },
    )
    .filter((rules) => new Set(rules.map(({ name }) => name)).size === rules.length)
    .map((rules) =>
      JSON.stringify({
        sinks: sinks.map((handle) => ({ handle, type: 'console' })),
        rules: rules.map(({ target, ...rule }) => ({ ...rule, targets: [`@${target}`] })),
      }),
    ),
);

test('from any file to any other: nothing is refused, and the outcome is the file', async () => {
  await fc.assert(
    fc.asyncProperty(file, async (text) => {
      await apply(text);
      const wanted = parseRulesFile(text, checkSinkConfig);
      expect(wanted.ok && diffConfiguration(await configuration(), wanted.objects)).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('commands that nobody here believes are told at once, and nothing is applied', async () => {
  const path = join(folder, 'rules.yaml');
  await writeFile(path, first);
  const signer = new CommandKeys({ digest: nodeDigest, secrets: [new Uint8Array(32)] });
  await expect(applyRulesFile({ log, signer, path, checkSinkConfig })).rejects.toThrow('(unknown_key)');
  expect((await configuration()).sink.size).toBe(0);
});

test('a refusal after all is told', async () => {
  const by = {
    commandId: 'x',
    actor: { type: 'USER', id: 'u', name: 'U' },
    authMethod: 'TOKEN',
    acceptedAt: Date.now(),
  } as const;
  const value = { handle: 'late', type: 'console' };
  const late = configAppend(
    { type: 'config.put', data: { kind: 'sink', id: 'late', value } },
    { by, signer: testCommandKeys },
  );
  /** Somebody else's command arrives between the look at the configuration and our own commands. */
  class RacingLog extends EmbeddedLog {
    override append(records: Parameters<EmbeddedLog['append']>[0]) {
      return super.append([late, ...records]);
    }
  }
  const racing = new RacingLog({ path: ':memory:' });
  const control = racing.run([controlProcessor({ commands: testCommandKeys }) as AnyProcessor], stopping.signal);
  const path = join(folder, 'rules.yaml');
  await writeFile(path, 'sinks: [{ handle: late, type: slack, config: { url: "env:X" } }]');
  await expect(
    applyRulesFile({ log: racing, signer: testCommandKeys, path, checkSinkConfig, withinMs: 5000 }),
  ).rejects.toThrow('sink @late was refused (version_conflict): it is at version 1, you saw 0');
  stopping.abort();
  await control;
  await racing.close();
});
