import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { DataDirectory, DirectoryTaken } from './data-directory.ts';

const made: string[] = [];
const directory = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'tocsin-data-'));
  made.push(path);
  return path;
};
afterEach(() => {
  for (const path of made.splice(0)) rmSync(path, { recursive: true, force: true });
});

/** Another process that takes the lock, says so, and waits to be killed. */
async function otherOwner(path: string): Promise<{ readonly pid: number; kill(): Promise<void> }> {
  const script = `
    const Database = require('libsql');
    const lock = new Database(process.argv[1] + '/owner.lock');
    lock.exec('BEGIN EXCLUSIVE');
    require('node:fs').writeFileSync(process.argv[1] + '/owner.pid', process.pid + '\\n');
    console.log('locked');
    setInterval(() => {}, 1000);
  `;
  const child = spawn(process.execPath, ['-e', script, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    cwd: import.meta.dirname,
  });
  await once(child.stdout, 'data');
  return {
    pid: child.pid ?? 0,
    async kill() {
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

it('refuses a second owner in the same process and names the pid', () => {
  const path = directory();
  const first = DataDirectory.open(path);
  expect(() => DataDirectory.open(path)).toThrow(DirectoryTaken);
  expect(() => DataDirectory.open(path)).toThrow(String(process.pid));
  first.close();
  DataDirectory.open(path).close();
});

it('refuses while another process owns it, and takes over once that one was killed', async () => {
  const path = directory();
  const other = await otherOwner(path);
  try {
    expect(() => DataDirectory.open(path)).toThrow(`process ${other.pid}`);
  } finally {
    await other.kill();
  }
  DataDirectory.open(path).close();
});
