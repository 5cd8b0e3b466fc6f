import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { onTestFinished } from 'vitest';
import type { Ran } from './run-tocsin.ts';

export const root = join(import.meta.dirname, '..', '..');
export const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** What stands between fences with this word. */
export const blocksOf = (markdown: string, word: string): readonly string[] =>
  [...markdown.matchAll(new RegExp(`^\`\`\`${word}\\n([\\s\\S]*?)^\`\`\`$`, 'gm'))].map(([, text = '']) => text);

/** Instead of npx and npm: the built command line, a server on a free port that is waited for, and a list of npm commands. */
const prelude = `
set -Eeuo pipefail
up=
ended() { [ -z "$up" ] || { kill "$up" 2>/dev/null || true; while kill -0 "$up" 2>/dev/null; do sleep 0.05; done; }; }
trap ended EXIT
trap 'echo "failed: $BASH_COMMAND" >&2' ERR
npm() { echo "npm $*" >> npm-commands; }
npx() {
  [ "$1" = tocsin ] || { echo "not ours: npx $1" >&2; return 9; }
  shift
  if [ "$1" = up ]; then
    exec 3< <(exec node ${join(root, 'services/cli/bin/tocsin.js')} "$@" --port 0 --log-level warn)
    up=$!
    read -r ready <&3
  else node ${join(root, 'services/cli/bin/tocsin.js')} "$@"; fi
}
command -v python3 > /dev/null || python3() { echo 'skipped: there is no python3' >&2; }
`;

export interface Followed extends Ran {
  /** The commands of npm that were asked for; they are not run. */
  readonly npm: readonly string[];
}

/** Does what a document says, block after block in one shell, in a folder that looks like a clone. */
export async function follow(document: string, { before = '' }: { readonly before?: string } = {}): Promise<Followed> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-docs-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ['packages', 'infra']) symlinkSync(join(root, name), join(folder, name));
  const script = [prelude, before, ...blocksOf(read(document), 'sh')].join('\n');
  const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOCSIN_')));
  const shell = spawn('bash', ['-c', script], { cwd: folder, env: inherited, detached: true });
  onTestFinished(() => endGroup(shell.pid));
  let [stdout, stderr] = ['', ''];
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  shell.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [code] = (await once(shell, 'close')) as [number | null];
  return { code, stdout, stderr, npm: linesOf(join(folder, 'npm-commands')) };
}

function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

function linesOf(path: string): readonly string[] {
  try {
    return readFileSync(path, 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}
