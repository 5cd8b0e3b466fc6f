import { Transform } from 'node:stream';
import type { FastifyReply, FastifyRequest, RequestPayload } from 'fastify';
import { ApiError } from './errors.ts';

/** Shorter bodies are counted only once they are there: most requests. */
const smallBytes = 64 * 1024;
/** What a body that does not tell its length is counted as before it arrives. */
const assumedBytes = 1024 * 1024;

/** Counts the bytes of bodies that were not answered yet, and refuses more than memory is meant for. */
export class IntakeLoad {
  readonly #limit: number;
  readonly #held = new WeakMap<FastifyRequest, number>();
  #bytes = 0;

  constructor({ maxPendingBytes }: { readonly maxPendingBytes: number }) {
    this.#limit = maxPendingBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** For `onRequest`: a body that is long, or may become so, is counted or refused before any of it is read, until it is answered. */
  readonly admit = (request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const { 'content-length': length, 'content-encoding': encoding } = request.headers;
    const bytes = length === undefined ? assumedBytes : Number(length);
    if (bytes <= smallBytes && encoding === undefined) {
      done();
      return;
    }
    this.#held.set(request, 0);
    reply.raw.once('close', () => this.#release(request));
    done(this.grow(request, bytes));
  };

  /** For `preParsing`: a body that does not tell its length is counted as it arrives. */
  readonly count = (
    request: FastifyRequest,
    _: FastifyReply,
    payload: RequestPayload,
    done: (error: Error | null, payload: RequestPayload) => void,
  ): void => {
    done(null, request.headers['content-length'] === undefined ? this.#counted(request, payload) : payload);
  };

  /** Counts an admitted body as that long from now on, unless it was longer before. Returns the refusal when that is too much. */
  grow(request: FastifyRequest, bytes: number): ApiError | undefined {
    const held = this.#held.get(request);
    if (held === undefined || bytes <= held) return undefined;
    if (this.#bytes + bytes - held > this.#limit) return this.#tooMuch();
    this.#bytes += bytes - held;
    this.#held.set(request, bytes);
    return undefined;
  }

  /** Counts a short body while `work` makes it durable; one that was admitted counts already. */
  async during<T>(request: FastifyRequest, bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#held.has(request)) return work();
    if (this.#bytes + bytes > this.#limit) throw this.#tooMuch();
    this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#bytes -= bytes;
    }
  }

  #counted(request: FastifyRequest, payload: RequestPayload): RequestPayload {
    let bytes = 0;
    const counted = new Transform({
      transform: (chunk: Buffer, _, next) => {
        bytes += chunk.length;
        const refusal = this.grow(request, bytes);
        if (refusal) next(refusal);
        else next(null, chunk);
      },
    });
    // Not a pipeline: that would hang up on the sender instead of answering.
    payload.once('error', (error: Error) => counted.destroy(error));
    return payload.pipe(counted);
  }

  #release(request: FastifyRequest): void {
    this.#bytes -= this.#held.get(request) ?? 0;
    this.#held.delete(request);
  }

  #tooMuch(): ApiError {
    const mebibytes = Math.round(this.#limit / 1024 / 1024);
    return new ApiError(
      'unavailable',
      `Nothing was accepted: over ${mebibytes} MiB are waiting to be stored. Send it again in a moment, in smaller requests.`,
    );
  }
}
