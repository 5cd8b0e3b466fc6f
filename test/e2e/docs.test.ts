import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { archiveReasons, eventDefinitions, faultReasons } from '@tocsin/core';

import { detectors } from '@tocsin/detectors';
import { sinks } from '@tocsin/sinks';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { defaultDeliveryLimits } from '../../services/notifier/src/delivery-limits.ts';
import { rulesFileShape } from '../../services/control/src/rules-file-shape.ts';
import { blocksOf, follow, read, root } from './documents.ts';
import { runTocsin } from './run-tocsin.ts';
import { at, Stack } from './stack-harness.ts';

const documents = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`),
];
/** Those that `text` does not show as code. */
const missing = (text: string, words: readonly string[]): readonly string[] =>
  words.filter((word) => !new RegExp(`\`[^\`\n]*${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}[^\`\n]*\``).test(text));

describe('links', () => {
  test.each(documents)('%s leads nowhere that is not there', (document) => {
    const links = [...withoutCode(read(document)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(links.filter((target) => !/^https?:/.test(target) && !leads(document, target))).toEqual([]);
  });
});

const withoutCode = (markdown: string): string => markdown.replace(/^```[\s\S]*?^```$/gm, '');

function leads(from: string, target: string): boolean {
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? from : join(dirname(from), path);
  if (!existsSync(join(root, file))) return false;
  return anchor === undefined || statSync(join(root, file)).isDirectory() || anchorsOf(read(file)).has(anchor);
}

/** As the host of the repository makes them of headings. */
const anchorsOf = (markdown: string): ReadonlySet<string> =>
  new Set(
    [...withoutCode(markdown).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/\s/g, '-'),
    ),
  );

describe('guides', { timeout: 120_000 }, () => {
  test('docs/getting-started.md does what it says', async () => {
    const { code, stdout, stderr } = await follow('docs/getting-started.md');
    expect(stderr).not.toContain('failed:');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\S+ +high +open +2 .*SSH login from a new country$/m);
    expect(stdout).toMatch(/State under_review → archived \(true_positive_benign\)/);
  });

  test('docs/audit.md does what it says', async () => {
    const before = `
      npx tocsin up --data ./tocsin-data
      export TOCSIN_DATA=./tocsin-data
      echo '{"title":"to be audited"}' | npx tocsin detect send --format tocsin`;
    const { code, stderr, stdout } = await follow('docs/audit.md', { before });
    expect(stderr).not.toContain('failed:');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^ok: \d+ records/m);
  });
});

describe('references are complete', { timeout: 60_000 }, () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await Stack.start();
  }, 60_000);
  afterAll(() => stack.remove());

  test('docs/http-api.md has every route', async () => {
    const { body } = await stack.get('/api/v2');
    const routes = (at(body, 'data') as readonly unknown[]).map(
      (each) => `${at(each, 'attributes', 'method')} ${at(each, 'attributes', 'path')}`,
    );
    expect(routes.length).toBeGreaterThan(10);
    const api = read('docs/http-api.md');
    expect(missing(api, routes)).toEqual([]);
    const written = [...api.matchAll(/^\| `((?:GET|POST|PATCH|PUT|DELETE) \S+)` \|/gm)].map(([, route = '']) => route);
    expect(written.filter((route) => !routes.includes(route))).toEqual([]);
    expect(missing(api, archiveReasons)).toEqual([]);
  });

  test('docs/operations.md has every metric and every file of the data directory', async () => {
    const metrics = String((await stack.get('/metrics')).body);
    const ours = [...metrics.matchAll(/^# HELP (tocsin_\w+)/gm)].map(([, name = '']) => name);
    expect(ours.length).toBeGreaterThan(3);
    const operations = read('docs/operations.md');
    expect(missing(operations, ours)).toEqual([]);
    const files = readdirSync(stack.data).filter((name) => name !== 'rules.yaml' && !name.endsWith('-journal'));
    expect(missing(operations, files)).toEqual([]);
  });

  test('the script for the integrator of Wazuh posts an alert', async () => {
    const [alert = ''] = read('packages/detectors/src/wazuh/samples/alerts.ndjson').split('\n');
    const file = join(stack.data, 'alert.json');
    writeFileSync(file, alert);
    const script = join(root, 'infra/examples/custom-tocsin');
    const ran = spawnSync('sh', [script, file, stack.token, `${stack.url}/api/v2/detections/wazuh`], {
      encoding: 'utf8',
    });
    rmSync(file);
    expect(ran).toMatchObject({ status: 0, stderr: '' });
    const { body } = await stack.get('/api/v2/status');
    expect(at(body, 'data', 'attributes', 'balance')).toMatchObject({ in_signals: 1, holds: true });
    const refused = spawnSync('sh', [script, script, stack.token, `${stack.url}/api/v2/detections/wazuh`]);
    expect(refused.status).not.toBe(0);
  });

  test('docs/cli.md has every command and every exit code', async () => {
    const { stdout } = await runTocsin(['--help']);
    const names = (help: string) => [...help.matchAll(/^ {2}([a-z]+)(?= |$)/gm)].map(([, name = '']) => name);
    const groups = names(stdout.split('Commands:')[1] ?? '').filter((name) => name !== 'help');
    const commands = await Promise.all(
      groups.map(async (group) => {
        const inner = (await runTocsin([group, '--help'])).stdout.split('Commands:')[1];
        const found = inner === undefined ? [] : names(inner).filter((name) => name !== 'help');
        return found.length === 0 ? [`tocsin ${group}`] : found.map((name) => `tocsin ${group} ${name}`);
      }),
    );
    expect(commands.flat().length).toBeGreaterThan(12);
    expect(missing(read('docs/cli.md'), commands.flat())).toEqual([]);
    const codes = [...(/Exit codes: (.*)/.exec(stdout)?.[1] ?? '').matchAll(/(\d+) \w/g)].map(([, code]) => code);
    const told = [...read('docs/cli.md').matchAll(/^\| (\d+) \|/gm)].map(([, code]) => code);
    expect(told).toEqual(codes);
  });
});

describe('references are complete, without a server', () => {
  test('docs/rules-file.md has every key', () => {
    const keys = new Set<string>();
    collect(z.toJSONSchema(rulesFileShape, { io: 'input', unrepresentable: 'any' }), keys);
    expect(keys.size).toBeGreaterThan(30);
    expect(missing(read('docs/rules-file.md'), [...keys])).toEqual([]);
    expect(
      missing(
        read('docs/rules-file.md'),
        sinks.map(({ type }) => type).filter((type) => type !== 'workflow'),
      ),
    ).toEqual([]);
  });

  test('docs/formats.md has every format', () => {
    const formats = [...read('docs/formats.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, format]) => format);
    expect([...formats].sort()).toEqual(detectors.map(({ format }) => format).sort());
  });

  test('docs/audit.md has every event and every fault', () => {
    const audit = read('docs/audit.md');
    expect(
      missing(
        audit,
        (eventDefinitions as readonly { readonly type: string }[]).map(({ type }) => type),
      ),
    ).toEqual([]);
    expect(missing(audit, Object.keys(faultReasons))).toEqual([]);
  });

  test('docs/operations.md and docs/promises.md tell how many deliveries are under way at most', () => {
    const { perSink, total, timeoutMs } = defaultDeliveryLimits;
    expect(read('docs/operations.md')).toContain(
      `Up to ${perSink} attempts at once to one sink, ${total} altogether, ${timeoutMs / 1000} s each.`,
    );
    expect(read('docs/promises.md')).toContain(`repeats what was in flight, ${total} at most`);
    expect(read('docs/promises.md')).toContain(`Up to ${perSink} attempts to it are in flight.`);
  });

  test('AGENTS.md has every room, and no other', () => {
    const rooms = ['packages', 'services'].flatMap((folder) =>
      readdirSync(join(root, folder))
        .filter((name) => existsSync(join(root, folder, name, 'package.json')))
        .map((name) => `${folder}/${name}`),
    );
    const map = [...read('AGENTS.md').matchAll(/^\| `([\w/-]+)` \|/gm)].map(([, room = '']) => room);
    expect(rooms.filter((room) => !map.includes(room))).toEqual([]);
    expect(map.filter((room) => !existsSync(join(root, room)))).toEqual([]);
  });

  test('examples in YAML and JSON can be read', () => {
    expect(() => parse(read('infra/examples/vector.yaml'))).not.toThrow();
    for (const document of documents) {
      for (const block of blocksOf(read(document), 'yaml')) expect(() => parse(block)).not.toThrow();
      for (const block of blocksOf(read(document), 'json')) expect(() => JSON.parse(block)).not.toThrow();
    }
  });
});

/** The names of all members, at every depth. */
function collect(schema: unknown, keys: Set<string>): void {
  if (typeof schema !== 'object' || schema === null) return;
  for (const [word, inner] of Object.entries(schema)) {
    if (word === 'properties') for (const key of Object.keys(inner as object)) keys.add(key);
    collect(inner, keys);
  }
}
