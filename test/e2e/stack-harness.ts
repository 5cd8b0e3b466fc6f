import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';

const tocsin = join(import.meta.dirname, '..', '..', 'services', 'cli', 'bin', 'tocsin.js');
/** Generous: the machine may be busy. */
const readyWithinMs = 60_000;
const answerWithinMs = 60_000;

export interface StackSettings {
  /** Where the data directory is made; the temporary folder unless given. */
  readonly parent?: string;
  /** Text of a rules file. */
  readonly rules?: string;
  /** Addresses that sinks may reach; this machine unless said. */
  readonly egress?: string;
  /** More environment, such as secrets that the rules file names. */
  readonly env?: Readonly<Record<string, string>>;
  /** Levels from here on are kept in `stderr`; `warn` unless said. */
  readonly logLevel?: string;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed JSON, or the text where it is none. */
  readonly body: unknown;
}

export interface CallOptions {
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * The built `tocsin up` as a process of its own, on a temporary data directory. It cannot outlive the test process, however
 * that ends. Call `remove` when done.
 */
export class Stack {
  /** The data directory; it stays the same over restarts. */
  readonly data: string;
  readonly #settings: StackSettings;
  #running: RunningProcess | undefined;

  private constructor(settings: StackSettings) {
    this.#settings = settings;
    this.data = mkdtempSync(join(settings.parent ?? tmpdir(), 'tocsin-test-'));
    if (settings.rules !== undefined) this.writeRules(settings.rules);
  }

  /** Resolves when it is ready. Rejects with what it wrote to its standard error when it ended instead. */
  static async start(settings: StackSettings = {}): Promise<Stack> {
    const stack = new Stack(settings);
    try {
      await stack.resume();
      return stack;
    } catch (error) {
      await stack.remove();
      throw error;
    }
  }

  /** Changes after a restart, because a free port is taken. */
  get url(): string {
    return this.#process().url;
  }
  get pid(): number {
    return this.#process().child.pid ?? 0;
  }
  get token(): string {
    return readFileSync(join(this.data, 'admin.token'), 'utf8').trim();
  }
  get rulesPath(): string {
    return join(this.data, 'rules.yaml');
  }
  /** What the process wrote to its standard output and error since it was started. */
  get stdout(): string {
    return this.#running?.stdout() ?? '';
  }
  get stderr(): string {
    return this.#running?.stderr() ?? '';
  }

  /** The next start loads this rules file. */
  writeRules(text: string): void {
    writeFileSync(this.rulesPath, text);
  }

  /** Starts again after `stop` or `kill`, on the same data. */
  async resume(): Promise<void> {
    const { rules, egress = '127.0.0.1/32', env = {}, logLevel = 'warn' } = this.#settings;
    const flags = { '--port': '0', '--data': this.data, '--allow-egress': egress, '--log-level': logLevel };
    const given = [...Object.entries(flags).flat(), ...(rules === undefined ? [] : ['--rules', this.rulesPath])];
    this.#running = await runUp(given, env);
  }

  /** SIGTERM. The exit code; null when a signal ended it. */
  async stop(): Promise<number | null> {
    return this.#running ? end(this.#running.child, 'SIGTERM') : null;
  }

  /** SIGKILL, which no process can answer. */
  async kill(): Promise<void> {
    if (this.#running) await end(this.#running.child, 'SIGKILL');
  }

  async restart(how: 'stop' | 'kill' = 'stop'): Promise<void> {
    await this[how]();
    await this.resume();
  }

  /** Ends the process and removes the data. */
  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.data, { recursive: true, force: true });
  }

  /** One HTTP request with the token; give `authorization: ''` to leave it out. */
  async call(method: string, path: string, { json, body, headers }: CallOptions = {}): Promise<Answer> {
    const content = json === undefined ? body : JSON.stringify(json);
    const all = {
      authorization: `Bearer ${this.token}`,
      ...(content !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    };
    const answer = await fetch(this.url + path, {
      method,
      headers: Object.fromEntries(Object.entries(all).filter(([, value]) => value !== '')),
      ...(content !== undefined && { body: content }),
      signal: AbortSignal.timeout(answerWithinMs),
    });
    return { status: answer.status, headers: answer.headers, body: parsedOrText(await answer.text()) };
  }
  get(path: string, options?: CallOptions): Promise<Answer> {
    return this.call('GET', path, options);
  }
  post(path: string, options: CallOptions): Promise<Answer> {
    return this.call('POST', path, options);
  }
  patch(path: string, options: CallOptions): Promise<Answer> {
    return this.call('PATCH', path, options);
  }

  #process(): RunningProcess {
    if (!this.#running) throw new Error('the stack is not running');
    return this.#running;
  }
}

interface RunningProcess {
  readonly child: ChildProcess;
  readonly url: string;
  readonly stdout: () => string;
  readonly stderr: () => string;
}

/** Runs `tocsin up` with these arguments until it says that it is ready. */
async function runUp(given: readonly string[], env: Readonly<Record<string, string>>): Promise<RunningProcess> {
  const child = spawn(process.execPath, [tocsin, 'up', ...given], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...cleanEnvironment(), ...env },
  });
  endWithThisProcess(child);
  let stdout = '';
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const url = await new Promise<string>((resolve, reject) => {
    const fail = (why: string) => reject(new Error(`tocsin up ${why}\n${stdout}${stderr}`));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`was not ready within ${readyWithinMs} ms`);
    }, readyWithinMs);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      fail(`ended with ${code ?? signal}`);
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      stdout += `${line}\n`;
      const ready = /ready at (\S+)/.exec(line)?.[1];
      if (ready === undefined) return;
      clearTimeout(timer);
      resolve(ready);
    });
  });
  return { child, url, stdout: () => stdout, stderr: () => stderr };
}

/** The environment without what is meant for Tocsin: whoever runs the tests may have set it for a stack of their own. */
export const cleanEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOCSIN_')));

/** A shell waits for the end of its input, which is our end, however we end; then it ends the child. */
export function endWithThisProcess(child: ChildProcess): void {
  const guard = spawn('sh', ['-c', 'read _; kill -9 "$1" 2>/dev/null', 'sh', String(child.pid)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  guard.on('error', () => child.kill('SIGKILL'));
  child.once('exit', () => guard.kill('SIGKILL'));
}

export async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
  return child.exitCode;
}

export function parsedOrText(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Asks again until there is an answer, for what happens behind the API. Rejects with the name of what never came. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | undefined>,
  withinMs = 30_000,
): Promise<NonNullable<T>> {
  for (const until = Date.now() + withinMs; Date.now() < until; ) {
    const answer = await ask();
    if (answer !== undefined && answer !== null && answer !== false) return answer;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error(`${what}: not within ${withinMs} ms`);
}

/** What stands at a path of parsed JSON: keys and indexes. Undefined where there is nothing. */
export const at = (json: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((value, key) => Object(value)[key] as unknown, json);
