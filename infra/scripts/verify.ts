/** The definition of done: every check, in the order in which they fail fastest. `--fast` leaves out what starts servers. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';

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
const failed: string[] = [];
let passed = 0;

for (const { name, command, slow } of steps) {
  if (slow && fast) continue;
  console.log(`\n── ${name}`);
  const [tool = '', ...rest] = command;
  const started = Date.now();
  const { status } = spawnSync(join(root, 'node_modules', '.bin', tool), rest, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  if (status === 0) passed += 1;
  else failed.push(name);
  console.log(`── ${name}: ${status === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
}

if (failed.length > 0) console.log(`\nFailed: ${failed.join(', ')}`);
console.log(`\nverify: ${passed} passed, ${failed.length} failed`);
process.exit(failed.length > 0 ? 1 : 0);
