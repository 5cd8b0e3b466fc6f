import { spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { cleanEnvironment } from '../e2e/stack-harness.ts';

const tocsin = join(import.meta.dirname, '..', '..', 'services', 'cli', 'bin', 'tocsin.js');

export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the shipped command line tool to its end. */
export async function tocsinCommand(...given: readonly string[]): Promise<CommandResult> {
  const child = spawn(process.execPath, [tocsin, ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(),
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject).once('close', resolve);
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, stdout, stderr };
}
