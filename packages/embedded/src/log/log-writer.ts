import { Worker } from 'node:worker_threads';
import type { Batch, SqliteWriter } from './sqlite-writer.js';

/** Writes transactions one after another. */
export interface LogWriter {
  /** Resolves when the batch is durable; rejects when nothing of it was written. One at a time. */
  commit(batch: Batch): Promise<void>;
  close(): Promise<void>;
  /** Aborts when nothing can be written any more, ever; the reason is an `Error` that says why. */
  readonly broken: AbortSignal;
}

/** For the log in memory, whose file no other thread can open. */
export class SameThreadWriter implements LogWriter {
  readonly broken: AbortSignal = new AbortController().signal;
  readonly #writer: SqliteWriter;

  constructor(writer: SqliteWriter) {
    this.#writer = writer;
  }

  async commit(batch: Batch): Promise<void> {
    this.#writer.commit(batch);
  }

  async close(): Promise<void> {
    this.#writer.close();
  }
}

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** Hands batches to the writer thread. */
export class WriterThread implements LogWriter {
  readonly #worker: Worker;
  #waiting: Waiting | undefined;
  readonly #broken = new AbortController();
  #failure: Error | undefined;
  #closing = false;

  constructor(path: string) {
    this.#worker = new Worker(new URL('./writer-thread.js', import.meta.url), { workerData: { path } });
    this.#worker.on('message', (reason: string | undefined) => this.#settle(reason));
    this.#worker.on('error', (error) => this.#end(error));
    this.#worker.on('exit', () => this.#end(new Error('the writer thread has ended')));
  }

  get broken(): AbortSignal {
    return this.#broken.signal;
  }

  commit(batch: Batch): Promise<void> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#worker.postMessage(
        batch,
        batch.segments.map(({ body }) => body.buffer),
      );
    });
  }

  async close(): Promise<void> {
    if (this.#failure) return;
    this.#closing = true;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage('close');
    await exited;
  }

  #settle(reason: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (reason === undefined) waiting?.resolve();
    else waiting?.reject(new Error(reason));
  }

  #end(error: Error): void {
    this.#failure ??= error;
    if (!this.#closing) this.#broken.abort(this.#failure);
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }
}
