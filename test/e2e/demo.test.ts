import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { blocksOf, read } from './documents.ts';
import { RunningTocsin, runTocsin } from './run-tocsin.ts';

/** But for ids and the width of columns. */
const alike = (text: string): string =>
  text
    .replace(/\bs[\w-]{32}\b/g, 'ID')
    .replace(/ +/g, ' ')
    .trim();

/** A place for temporary files that nobody else uses. */
function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-demo-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test('`tocsin demo --once` shows that everything holds, without colours for a pipe, and leaves nothing behind', {
  timeout: 60_000,
}, async () => {
  const folder = emptyFolder();
  const { code, stdout, stderr } = await runTocsin(['demo', '--once'], { env: { TMPDIR: folder } });
  expect(stderr).toBe('');
  expect(stdout).not.toContain('FAIL');
  expect(stdout).toContain('── 35 detections have become 16 signals');
  expect(stdout).toMatch(/^── All of it holds/m);
  expect(stdout).not.toContain('\u001b');
  expect(code).toBe(0);
  // README.md shows an excerpt of it.
  const printed = new Set(stdout.split('\n').map(alike));
  const shown = blocksOf(read('README.md'), 'text').join('\n').split('\n').map(alike);
  expect(shown.filter((line) => !printed.has(line))).toEqual([]);
  expect(readdirSync(folder)).toEqual([]);
});

test('`tocsin demo` stays for whoever wants to try the commands that it names, until Ctrl-C', {
  timeout: 60_000,
}, async () => {
  const folder = emptyFolder();
  const demo = new RunningTocsin(['demo'], { env: { TMPDIR: folder } });
  onTestFinished(() => void demo.child.kill('SIGKILL'));
  const [, data = ''] = await demo.says(/^export TOCSIN_DATA=(\S+)$/m);
  await demo.says(/Ctrl-C/);
  const serious = await runTocsin(['signals', 'list', 'status:(high OR critical)', '-q'], { data });
  expect(serious.stdout.trim().split('\n')).toHaveLength(6);
  const sent = await runTocsin(['detect', 'send', '--format', 'tocsin', '--wait'], {
    data,
    input: '{"title": "A door was opened", "severity": "high"}',
  });
  expect(sent.stdout).toContain('@receiver accepted it');
  await demo.says(/HIGH +opened: A door was opened/);
  expect(await demo.interrupt()).toMatchObject({ code: 0, stderr: '' });
  expect(readdirSync(folder)).toEqual([]);
});
