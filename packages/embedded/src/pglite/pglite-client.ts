import { Worker } from 'node:worker_threads';

export interface Answer {
  readonly rows: readonly unknown[];
  readonly affectedRows?: number;
}
interface Reply extends Partial<Answer> {
  readonly id: number;
  readonly error?: string;
  readonly code?: string;
}

/** A query that PGlite refused; `code` is the SQLSTATE where there is one. */
export class PgliteError extends Error {
  readonly code: string | undefined;
  constructor(message: string, code?: string) {
    super(message);
    this.name = 'PgliteError';
    this.code = code;
  }
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

/** One PGlite in a worker thread: one connection, queries in the order of the calls. */
export class PgliteClient {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #ended = false;

  private constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (reply: Reply) => this.#settle(reply));
    worker.on('error', (error) => this.#fail(error));
    worker.on('exit', () => this.#fail(new PgliteError('the database thread has ended')));
  }

  /** Opens the database in a directory, or in memory. Rejects when it does not open: a copy can be deleted and rebuilt. */
  static async open(directory?: string): Promise<PgliteClient> {
    const worker = new Worker(new URL('./pglite-worker.js', import.meta.url), { workerData: { directory } });
    const client = new PgliteClient(worker);
    try {
      await client.#wait(0);
    } catch (error) {
      await worker.terminate();
      throw error;
    }
    return client;
  }

  query(sql: string, parameters: readonly unknown[]): Promise<Answer> {
    if (this.#ended) return Promise.reject(new PgliteError('the database is closed'));
    this.#last += 1;
    this.#worker.postMessage({ id: this.#last, sql, parameters });
    return this.#wait(this.#last);
  }

  async close(): Promise<void> {
    if (this.#ended) return;
    const exited = new Promise<void>((resolve) => this.#worker.once('exit', () => resolve()));
    this.#worker.postMessage({ close: true });
    await exited;
  }

  #wait(id: number): Promise<Answer> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle({ id, rows = [], affectedRows, error, code }: Reply): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error === undefined) waiting?.resolve({ rows, ...(affectedRows !== undefined && { affectedRows }) });
    else waiting?.reject(new PgliteError(error, code));
  }

  #fail(error: Error): void {
    this.#ended = true;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
