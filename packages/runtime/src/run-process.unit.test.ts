import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';

const main = join(import.meta.dirname, '..', 'test', 'sample-main.ts');
const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;

describe('a process', () => {
  let child: ChildProcess;
  let errors = '';
  const start = (behaviour: string) => {
    errors = '';
    child = spawn(process.execPath, ['--import', loader, '--conditions=@tocsin/source', main, behaviour]);
    child.stderr?.on('data', (chunk) => {
      errors += chunk;
    });
    return child;
  };
  const ready = async () => once(start('serves').stdout as NodeJS.ReadableStream, 'data');
  const exit = async () => {
    const [code, signal] = await once(child, 'exit');
    return signal ?? code;
  };
  afterEach(() => child.kill('SIGKILL'));

  it.each(['SIGTERM', 'SIGINT'] as const)('stops on %s and exits 0', async (signal) => {
    await ready();
    child.kill(signal);
    expect(await exit()).toBe(0);
    expect(errors).toContain('"clean":true');
  });

  it('exits 1 when a step does not stop, within the time for all', async () => {
    await once(start('hangs').stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGTERM');
    expect(await exit()).toBe(1);
    expect(errors).toContain('did not stop in time');
  });

  it('stops in good order when a part has failed, and exits 1', async () => {
    start('fails');
    expect(await exit()).toBe(1);
    expect(errors).toContain('"clean":true');
  });

  it('exits 1 when a part fails during the stop', async () => {
    await once(start('fails-late').stdout as NodeJS.ReadableStream, 'data');
    child.kill('SIGTERM');
    expect(await exit()).toBe(1);
    expect(errors).toContain('dead at last');
  });

  it('exits 1 at once on the second signal', async () => {
    await once(start('hangs').stdout as NodeJS.ReadableStream, 'data');
    const stopping = once(child.stderr as NodeJS.ReadableStream, 'data');
    child.kill('SIGTERM');
    await stopping;
    child.kill('SIGINT');
    expect(await exit()).toBe(1);
    expect(errors).toContain('stopping at once');
    expect(errors).not.toContain('did not stop in time');
  });

  it.each([
    ['throws', 1, 'cannot start'],
    ['rejects', 1, 'unhandled rejection'],
    ['returns', 7, '"clean":true'],
    ['fails', 1, 'a part of it is dead'],
  ] as const)('that %s exits %d', async (behaviour, code, words) => {
    start(behaviour);
    expect(await exit()).toBe(code);
    expect(errors).toContain(words);
    for (const line of errors.trim().split('\n')) JSON.parse(line);
  });
});
