import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import process from 'node:process';

const tocsin = join(import.meta.dirname, '..', '..', 'services', 'cli', 'bin', 'tocsin.js');

export interface Ran {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunSettings {
  /** Data directory of the server that is meant. */
  readonly data?: string;
  /** Standard input; it ends there, unless `open`. */
  readonly input?: string;
  readonly open?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** The built command line as a process of its own. Nothing of the environment's `TOCSIN_…` reaches it but what is given. */
export class RunningTocsin {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly #end: Promise<readonly unknown[]>;

  constructor(args: readonly string[], { data, input = '', open = false, env = {} }: RunSettings = {}) {
    const inherited = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('TOCSIN_')));
    this.child = spawn(process.execPath, [tocsin, ...args], {
      env: { ...inherited, ...(data !== undefined && { TOCSIN_DATA: data }), ...env },
    });
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.#end = once(this.child, 'close');
    this.child.stdin?.on('error', () => {}).write(input);
    if (!open) this.child.stdin?.end();
  }

  /** Resolves as soon as its output matches; rejects with what it said when it ends before. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stdout);
      if (match) return match;
      const more = this.child.stdout ? once(this.child.stdout, 'data') : this.#end;
      const ended = this.#end.then(() => 'ended' as const);
      if ((await Promise.race([more.catch(() => 'ended' as const), ended])) === 'ended' && !pattern.test(this.stdout))
        throw new Error(`it never said ${pattern}\n${this.stdout}${this.stderr}`);
    }
  }

  async ended(): Promise<Ran> {
    const [code] = await this.#end;
    return { code: code as number | null, stdout: this.stdout, stderr: this.stderr };
  }

  async interrupt(signal: NodeJS.Signals = 'SIGINT'): Promise<Ran> {
    this.child.kill(signal);
    return this.ended();
  }
}

/** Runs a command to its end. */
export const runTocsin = (args: readonly string[], settings?: RunSettings): Promise<Ran> =>
  new RunningTocsin(args, settings).ended();
