import type { FastifyReply, FastifyRequest } from 'fastify';
import { ApiError } from './errors.ts';

/** Shorter bodies are counted only once they are there: most requests. */
const smallBytes = 64 * 1024;
/** What a body that does not tell its length is counted as while it arrives. */
const assumedBytes = 1024 * 1024;

/** Counts the bytes of bodies that were not answered yet, and refuses more than memory is meant for. */
export class IntakeLoad {
  readonly #limit: number;
  #bytes = 0;

  constructor({ maxPendingBytes }: { readonly maxPendingBytes: number }) {
    this.#limit = maxPendingBytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** For `onRequest`: a long body is counted, or refused, before any of it is read, and until it is answered. */
  readonly admit = ({ headers }: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void => {
    const length = headers['content-length'];
    const bytes = length === undefined ? assumedBytes : Number(length);
    if (bytes > smallBytes) {
      if (this.#bytes + bytes > this.#limit) {
        done(this.#tooMuch());
        return;
      }
      this.#bytes += bytes;
      reply.raw.once('close', () => {
        this.#bytes -= bytes;
      });
    }
    done();
  };

  /** Counts a short body while `work` makes it durable. */
  async during<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (bytes > smallBytes) return work();
    if (this.#bytes + bytes > this.#limit) throw this.#tooMuch();
    this.#bytes += bytes;
    try {
      return await work();
    } finally {
      this.#bytes -= bytes;
    }
  }

  #tooMuch(): ApiError {
    const mebibytes = Math.round(this.#limit / 1024 / 1024);
    return new ApiError(
      'unavailable',
      `Nothing was accepted: over ${mebibytes} MiB are waiting to be stored. Send it again in a moment, in smaller requests.`,
    );
  }
}
