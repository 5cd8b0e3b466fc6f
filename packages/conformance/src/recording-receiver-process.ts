import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { Fault } from './recording-receiver.ts';

/** Options of `RecordingReceiver` that can travel; `mark` is the source of a regular expression. */
export interface ReceiverSettings {
  readonly port?: number;
  readonly idHeader?: string;
  readonly mark?: string;
}
export interface ReceiverRequest {
  readonly kind: 'report' | 'count' | 'always' | 'waitFor' | 'waitForAccepted' | 'up' | 'down';
  readonly count?: number;
  readonly fault?: Fault;
}
/** Id, mark, arrival (milliseconds since the epoch, with fractions), status. */
export type ReportedRequest = readonly [id: string, mark: string, at: number, status: number];
export type ReceiverAnswer =
  | { readonly kind: 'ready'; readonly port: number }
  | { readonly kind: 'done' }
  | { readonly kind: 'count'; readonly requests: number; readonly accepted: number }
  | { readonly kind: 'report'; readonly requests: readonly ReportedRequest[] };

/** The same receiver in another process. It ends with this one, or by `close`. */
export class ReceiverProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, (answer: ReceiverAnswer) => void>();
  #lastCall = 0;

  constructor(child: ChildProcess, port: number) {
    this.port = port;
    this.#child = child;
    child.on('message', ({ call, answer }: { readonly call: number; readonly answer: ReceiverAnswer }) => {
      this.#calls.get(call)?.(answer);
      this.#calls.delete(call);
    });
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }
  async always(fault: Fault): Promise<void> {
    await this.#ask({ kind: 'always', fault });
  }
  async up(): Promise<void> {
    await this.#ask({ kind: 'up' });
  }
  async down(): Promise<void> {
    await this.#ask({ kind: 'down' });
  }
  async waitFor(count: number): Promise<void> {
    await this.#ask({ kind: 'waitFor', count });
  }
  async waitForAccepted(count: number): Promise<void> {
    await this.#ask({ kind: 'waitForAccepted', count });
  }
  async counts(): Promise<{ readonly requests: number; readonly accepted: number }> {
    const answer = await this.#ask({ kind: 'count' });
    if (answer.kind !== 'count') throw new Error(`unexpected answer ${answer.kind}`);
    return answer;
  }
  /** Everything that came so far. */
  async report(): Promise<readonly ReportedRequest[]> {
    const answer = await this.#ask({ kind: 'report' });
    if (answer.kind !== 'report') throw new Error(`unexpected answer ${answer.kind}`);
    return answer.requests;
  }
  async close(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }

  #ask(request: ReceiverRequest): Promise<ReceiverAnswer> {
    this.#lastCall += 1;
    const call = this.#lastCall;
    return new Promise((resolve, reject) => {
      this.#calls.set(call, resolve);
      this.#child.send({ ...request, call }, (error) => error && reject(error));
    });
  }
}

/** Starts it; resolves when it listens. */
export async function startReceiverProcess(settings: ReceiverSettings = {}): Promise<ReceiverProcess> {
  const source = import.meta.filename.endsWith('.ts');
  const main = new URL(`./recording-receiver-main.${source ? 'ts' : 'js'}`, import.meta.url);
  const loader = source ? ['--import', pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href] : [];
  const child = fork(main, [JSON.stringify(settings)], { execArgv: loader });
  const [message] = (await Promise.race([
    once(child, 'message'),
    once(child, 'exit').then(([code]) => Promise.reject(new Error(`the receiver ended with ${code}`))),
  ])) as [{ readonly answer: ReceiverAnswer }];
  if (message.answer.kind !== 'ready') throw new Error('the receiver did not get ready');
  return new ReceiverProcess(child, message.answer.port);
}
