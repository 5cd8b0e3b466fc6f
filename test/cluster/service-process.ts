import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { cleanEnvironment, end, endWithThisProcess } from '../e2e/stack-harness.ts';

const services = join(import.meta.dirname, '..', '..', 'services');
/** Generous: the machine may be busy. */
const runsWithinMs = 90_000;

export type ServiceName = 'ingest' | 'triage' | 'notifier' | 'audit' | 'control' | 'api';

/** A built service as a process of its own. It cannot outlive the test process. */
export class ServiceProcess {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #runs: Promise<string>;
  #output = '';

  constructor(service: ServiceName, env: Readonly<Record<string, string>>, args: readonly string[] = []) {
    this.name = env.TOCSIN_INSTANCE ?? service;
    const main = join(services, service, 'dist', 'main.js');
    this.#child = spawn(process.execPath, [main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...cleanEnvironment(), ...env },
    });
    endWithThisProcess(this.#child);
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
    });
    this.#runs = this.#line(/ runs: .*/);
    this.#runs.catch(() => {});
  }

  /** All it has written. */
  get output(): string {
    return this.#output;
  }

  /** The line that says that it runs. Rejects with what it wrote when it ended instead. */
  runs(): Promise<string> {
    return this.#runs;
  }

  /** SIGTERM; the exit code. */
  stop(): Promise<number | null> {
    return end(this.#child, 'SIGTERM');
  }

  async kill(): Promise<void> {
    await end(this.#child, 'SIGKILL');
  }

  /** Without a signal: when it ends by itself. */
  ended(): Promise<number | null> {
    return new Promise((resolve) => {
      if (this.#child.exitCode !== null) resolve(this.#child.exitCode);
      else this.#child.once('exit', resolve);
    });
  }

  #line(pattern: RegExp): Promise<string> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`${this.name} ${why}\n${this.#output}`));
      const timer = setTimeout(fail, runsWithinMs, `did not run within ${runsWithinMs} ms`);
      this.#child.once('close', (code, signal) => {
        clearTimeout(timer);
        fail(`ended with ${code ?? signal}`);
      });
      if (!this.#child.stdout) return;
      createInterface({ input: this.#child.stdout }).on('line', (line) => {
        this.#output += `${line}\n`;
        if (!pattern.test(line)) return;
        clearTimeout(timer);
        resolve(line);
      });
    });
  }
}
