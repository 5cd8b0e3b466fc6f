import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Target } from './rig.ts';

const tocsin = join(import.meta.dirname, '..', '..', 'services', 'cli', 'bin', 'tocsin.js');

/** A Tocsin of its own process and data directory, started as its users start it, for a benchmark. */
export class StackProcess {
  readonly data: string;
  readonly #rules: string | undefined;
  #child: ChildProcess | undefined;
  #url = '';

  /** `hook`: where everything is to be delivered; nowhere unless given. */
  constructor(hook?: string) {
    this.data = mkdtempSync(join(tmpdir(), 'tocsin-bench-'));
    if (hook === undefined) return;
    this.#rules = join(this.data, 'rules.yaml');
    writeFileSync(
      this.#rules,
      `sinks:\n  - handle: webhook-bench\n    type: webhook\n    config:\n      url: ${hook}\nrules:\n  - name: everything\n    targets: ["@webhook-bench"]\n`,
    );
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get target(): Target {
    const token = readFileSync(join(this.data, 'admin.token'), 'utf8').trim();
    return { url: `${this.#url}/api/v2/detections/tocsin`, headers: { authorization: `Bearer ${token}` } };
  }

  /** Milliseconds until it said that it was ready. */
  async start(): Promise<number> {
    const started = performance.now();
    const rules = this.#rules ? ['--rules', this.#rules] : [];
    const child = spawn(
      tocsin,
      ['up', '--port', '0', '--data', this.data, '--allow-egress', '127.0.0.1/32', '--log-level', 'warn', ...rules],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    this.#child = child;
    for await (const line of createInterface({ input: child.stdout })) {
      const url = /ready at (\S+)/.exec(line)?.[1];
      if (url === undefined) continue;
      this.#url = url;
      return performance.now() - started;
    }
    throw new Error('Tocsin ended before it was ready');
  }

  async get(path: string): Promise<Response> {
    return fetch(this.#url + path, { headers: this.target.headers });
  }

  async status(): Promise<{ readonly balance: Readonly<Record<string, number | boolean>> }> {
    const { data } = (await (await this.get('/api/v2/status')).json()) as {
      data: { attributes: { balance: Readonly<Record<string, number | boolean>> } };
    };
    return data.attributes;
  }

  /** Resident memory in megabytes. */
  rss(): number {
    const pages = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'))?.[1];
    return Number(pages) / 1024;
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return child?.exitCode ?? null;
    const exited = once(child, 'exit');
    child.kill(signal);
    const [code] = (await exited) as [number | null];
    return code;
  }

  remove(): void {
    rmSync(this.data, { recursive: true, force: true });
  }
}
