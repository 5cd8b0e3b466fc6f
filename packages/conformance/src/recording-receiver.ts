import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What happens to one request. Without `hang` or `reset` it is answered, 200 unless said. */
export interface Fault {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly delayMs?: number;
  /** Never answered; the connection stays open. */
  readonly hang?: true;
  /** The connection is reset instead of an answer. */
  readonly reset?: true;
}

export interface ReceivedRequest {
  /** Value of the id header, empty without one. */
  readonly id: string;
  /** What `mark` found in the body, empty without one. */
  readonly mark: string;
  /** Arrival of the whole request: milliseconds since the epoch, with fractions, comparable between processes of a machine. */
  readonly at: number;
  /** 0 when it was reset or left hanging. */
  readonly status: number;
  readonly path: string;
  /** Absent in a receiver that keeps no content. */
  readonly headers?: Readonly<Record<string, string | string[] | undefined>>;
  readonly body?: string;
}

export interface ReceiverOptions {
  /** A free one unless said. */
  readonly port?: number;
  /** `webhook-id` unless said; lower case. */
  readonly idHeader?: string;
  /** Its first group is recorded from each body: how a load test finds its own detection again. */
  readonly mark?: RegExp;
  /** Headers and bodies are kept unless this is false: a long load test wants ids and times only. */
  readonly content?: boolean;
}

const wallClock = (): number => performance.timeOrigin + performance.now();
const isAccepted = (status: number): boolean => status >= 200 && status < 300;

/** The far end of a sink: a real HTTP server on loopback that remembers what came and misbehaves on request. */
export class RecordingReceiver {
  readonly requests: ReceivedRequest[] = [];
  readonly #options: ReceiverOptions;
  readonly #server: Server;
  readonly #faults: Fault[] = [];
  readonly #seen = new Map<string, number>();
  readonly #accepted = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #always: Fault = {};
  #port: number;

  private constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#port = options.port ?? 0;
    this.#server = createServer((request, response) => this.#receive(request, response));
    this.#server.keepAliveTimeout = 60_000;
  }

  static async start(options: ReceiverOptions = {}): Promise<RecordingReceiver> {
    const receiver = new RecordingReceiver(options);
    await receiver.up();
    return receiver;
  }

  get port(): number {
    return this.#port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listens (again), always on the same port. */
  async up(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Refuses connections until `up`; open ones are cut, hanging requests included. */
  async down(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }
  close(): Promise<void> {
    return this.down();
  }

  /** The next requests, one fault each, in the order of their arrival. */
  next(...faults: readonly Fault[]): void {
    this.#faults.push(...faults);
  }
  /** Every request that `next` says nothing of. `{}` heals. */
  always(fault: Fault): void {
    this.#always = fault;
  }

  /** How often a request with this id came, whatever became of it. */
  seen(id: string): number {
    return this.#seen.get(id) ?? 0;
  }
  /** Different ids that were answered 2xx. */
  get acceptedIds(): ReadonlySet<string> {
    return this.#accepted;
  }
  /** Requests beyond the first of their id. */
  get repeats(): number {
    return this.requests.length - this.#seen.size;
  }

  /** Resolves when so many requests have come. */
  waitFor(count: number): Promise<void> {
    return this.until(() => this.requests.length >= count);
  }
  /** Resolves when so many different ids have been answered 2xx. */
  waitForAccepted(count: number): Promise<void> {
    return this.until(() => this.#accepted.size >= count);
  }
  /** Resolves when the condition holds; asked at each arrival. */
  until(condition: (receiver: this) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition(this)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = [];
    // A peer that hangs up is no error here; the request simply never arrived whole.
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const fault = this.#faults.shift() ?? this.#always;
      this.#record(request, chunks, fault);
      if (fault.delayMs) setTimeout(() => answer(response, fault), fault.delayMs);
      else answer(response, fault);
      for (const look of this.#waiting) look();
    });
  }

  #record(request: IncomingMessage, chunks: readonly Buffer[], fault: Fault): void {
    const { idHeader = 'webhook-id', mark, content = true } = this.#options;
    const id = `${request.headers[idHeader] ?? ''}`;
    const body = content || mark ? Buffer.concat(chunks).toString('utf8') : '';
    const status = fault.hang || fault.reset ? 0 : (fault.status ?? 200);
    this.requests.push({
      id,
      mark: mark?.exec(body)?.[1] ?? '',
      at: wallClock(),
      status,
      path: request.url ?? '',
      ...(content && { headers: request.headers, body }),
    });
    this.#seen.set(id, this.seen(id) + 1);
    if (isAccepted(status)) this.#accepted.add(id);
  }
}

function answer(response: ServerResponse, { status = 200, headers = {}, body = '', hang, reset }: Fault): void {
  if (hang) return;
  if (reset) {
    response.socket?.resetAndDestroy();
    return;
  }
  const bodiless = status === 204 || status === 304;
  response.writeHead(status, bodiless ? headers : { 'content-length': Buffer.byteLength(body), ...headers });
  response.end(bodiless ? undefined : body);
}
