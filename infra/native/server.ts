/** One server of ours: started with its own directory, ended with the process that started it, whatever ends that one. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from './free-port.ts';

export interface ServerPlan {
  readonly name: string;
  /** The command line of a server that keeps all its files below the directory. */
  command(directory: string): readonly string[] | Promise<readonly string[]>;
  /** True when it answers. */
  ready(): Promise<boolean>;
  /** What ends it at once; its files are thrown away. */
  readonly stopSignal: 'TERM' | 'QUIT' | 'KILL';
  /** The user it runs as, for servers that refuse to run as root. */
  readonly user?: { readonly uid: number; readonly gid: number };
  readonly environment?: Readonly<Record<string, string>>;
  /** @default 30_000 */
  readonly readyWithinMs?: number;
}

/** A server that runs. */
export class Server {
  readonly #plan: ServerPlan;
  readonly #directory: string;
  readonly #supervisor: ChildProcessByStdio<Writable, Readable, null>;
  #pid: number | undefined;
  #exited = false;
  #waiting: (() => void)[] = [];

  private constructor(plan: ServerPlan, directory: string, command: readonly string[]) {
    this.#plan = plan;
    this.#directory = directory;
    const script = join(import.meta.dirname, 'supervise.sh');
    // A group of its own: a Ctrl-C ends the starter first, and the closing pipe does the rest in order.
    this.#supervisor = spawn('/bin/sh', [script, directory, plan.stopSignal, ...command], {
      cwd: directory,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, ...plan.environment },
      ...plan.user,
    });
    this.#supervisor.stdin.on('error', () => {});
    createInterface({ input: this.#supervisor.stdout }).on('line', (line) => this.#heard(line));
  }

  static async start(plan: ServerPlan): Promise<Server> {
    const directory = mkdtempSync(join(tmpdir(), `tocsin-${plan.name}-`));
    if (plan.user) chownSync(directory, plan.user.uid, plan.user.gid);
    const server = new Server(plan, directory, await plan.command(directory));
    try {
      await server.#untilReady();
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** Of the server itself, not of its supervisor. */
  get pid(): number {
    if (this.#pid === undefined) throw new Error(`${this.#plan.name} was not started`);
    return this.#pid;
  }

  get directory(): string {
    return this.#directory;
  }

  /** Sends a signal to the server; after a deadly one it resolves when the server has ended. */
  async signal(name: 'SIGKILL' | 'SIGTERM' | 'SIGSTOP' | 'SIGCONT'): Promise<void> {
    process.kill(this.pid, name);
    if (name === 'SIGKILL' || name === 'SIGTERM') await this.#until(() => this.#exited);
  }

  /** Starts it again after it has ended: the same command, the same files. */
  async startAgain(): Promise<void> {
    this.#pid = undefined;
    this.#exited = false;
    this.#supervisor.stdin.write('start\n');
    await this.#untilReady();
  }

  /** Ends the server and removes its directory. */
  async stop(): Promise<void> {
    if (this.#supervisor.exitCode !== null || this.#supervisor.signalCode !== null) return;
    const ended = once(this.#supervisor, 'exit');
    this.#supervisor.stdin.end();
    await ended;
  }

  /** The end of what it printed. */
  log(lines = 30): string {
    try {
      return readFileSync(join(this.#directory, 'server.log'), 'utf8').split('\n').slice(-lines).join('\n');
    } catch {
      return '';
    }
  }

  async #untilReady(): Promise<void> {
    await this.#until(() => this.#pid !== undefined || this.#exited);
    const deadline = Date.now() + (this.#plan.readyWithinMs ?? 30_000);
    while (!(await this.#plan.ready())) {
      if (this.#exited) throw new Error(`${this.#plan.name} ended at its start:\n${this.log()}`);
      if (Date.now() > deadline) throw new Error(`${this.#plan.name} does not answer:\n${this.log()}`);
      await delay(25);
    }
  }

  #heard(line: string): void {
    const [word, number] = line.split(' ');
    if (word === 'pid') this.#pid = Number(number);
    if (word === 'exited') this.#exited = true;
    for (const wake of this.#waiting.splice(0)) wake();
  }

  async #until(holds: () => boolean): Promise<void> {
    while (!holds()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** Starts a server on a port that was free a moment ago; another process may take it meanwhile, so it tries again. */
export async function startOnFreePort<T>(start: (port: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort());
    } catch (error) {
      if (attempt === 3 || !/in use|bind/i.test(String(error))) throw error;
    }
  }
}
