import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { follow, read, root } from './documents.ts';

const readme = read('README.md');
const scripts = (JSON.parse(read('package.json')) as { readonly scripts: Readonly<Record<string, string>> }).scripts;

describe('README.md', { timeout: 120_000 }, () => {
  test('does what it says, command after command', async () => {
    const { code, stdout, stderr, npm } = await follow('README.md');
    expect(stderr).not.toContain('failed:');
    expect(code).toBe(0);
    expect(stdout).toMatch(/signal \S+ {2}medium {2}1 detection {2}A door was opened/);
    expect(stdout).toMatch(/^ok: \d+ signals rebuilt from the audit log alone, no difference$/m);
    // The two commands for strangers: CI runs them in a fresh clone, and the demo has a test of its own.
    expect(npm).toEqual(['npm ci', 'npm run demo', 'npm ci', 'npm test']);
    expect(scripts).toMatchObject({ demo: expect.stringMatching(/tocsin\.js demo$/), test: 'npm run verify' });
    expect(read('.ci/run')).toMatch(/^npm ci.*\nnpm test$/m);
    expect(existsSync(join(root, 'node_modules', '.bin', 'tocsin'))).toBe(true);
  });

  test('is short, and names benchmarks that exist', () => {
    expect(readme.split('\n').length).toBeLessThanOrEqual(201);
    const named = [...readme.matchAll(/npm run bench -- ([\w-]+)/g)].map(([, name]) => name);
    expect(named.length).toBeGreaterThan(0);
    const bench = read('test/load/bench.ts');
    expect(named.filter((name) => !new RegExp(`^  '?${name}'?[:,(]`, 'm').test(bench))).toEqual([]);
  });
});
