/** The definition of done: every check, in the order in which they fail fastest. `--fast` leaves out what starts servers. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';
import { stripVTControlCharacters } from 'node:util';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly slow?: true;
}

const steps: readonly Step[] = [
  { name: 'format', command: ['biome', 'format', '.'] },
  { name: 'lint', command: ['biome', 'lint', '--error-on-warnings', '.'] },
  { name: 'types', command: ['tsc', '-p', 'tsconfig.json'] },
  { name: 'generated files are current', command: ['tsx', 'infra/scripts/generate.ts', '--check'] },
  { name: 'boundaries', command: ['tsx', 'infra/scripts/boundaries.ts'] },
  {
    name: 'build and package tests',
    command: ['turbo', 'run', 'build', 'test', '--output-logs=new-only', '--concurrency=2'],
  },
  { name: 'real payloads (corpus)', command: ['turbo', 'run', 'test:corpus', '--output-logs=full'], slow: true },
  {
    name: 'whole system: end to end and faults',
    command: ['turbo', 'run', '//#test:system', '--output-logs=full'],
    slow: true,
  },
];

const root = join(import.meta.dirname, '..', '..');
const fast = process.argv.includes('--fast');
const failed: { readonly name: string; readonly output: string }[] = [];
let passed = 0;

/** Runs a command and shows what it prints as it prints it; what it printed is kept for the end. */
async function run([tool = '', ...rest]: readonly string[]): Promise<{ status: number | null; output: string }> {
  const child = spawn(join(root, 'node_modules', '.bin', tool), rest, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
    process.stdout.write(chunk);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk;
    process.stderr.write(chunk);
  });
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, output };
}

const plain = (text: string): string => stripVTControlCharacters(text);

/** What a reader of the last screen needs: each failure that a suite reported with what follows it, else the end of the output. */
function excerpt(output: string): string {
  const lines = plain(output).split('\n');
  const starts = lines.flatMap((line, at) => (/\bFAIL\b/.test(line) ? [at] : []));
  const shown = starts.slice(0, 5).flatMap((at) => lines.slice(at, at + 25));
  return (shown.length > 0 ? shown : lines.slice(-60)).join('\n');
}

for (const { name, command, slow } of steps) {
  if (slow && fast) continue;
  console.log(`\n── ${name}`);
  const started = Date.now();
  const { status, output } = await run(command);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status === 0) passed += 1;
  else failed.push({ name, output });
  console.log(`── ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
}

for (const { name, output } of failed) console.log(`\n── again, what failed in "${name}":\n${excerpt(output)}`);
if (failed.length > 0) console.log(`\nFailed: ${failed.map(({ name }) => name).join(', ')}`);
console.log(`\nverify: ${passed} passed, ${failed.length} failed`);
process.exitCode = failed.length > 0 ? 1 : 0;
