import { Redis } from 'ioredis';
import { addressOf, type OnRedisTrouble, redisTrouble, TroubleReports } from './redis-trouble.ts';

export interface RedisAddress {
  /** `redis://user:password@host:port/database`; `rediss://` for TLS. */
  readonly url: string;
  /** Told once in one line, again every 30 s while it lasts. */
  readonly onTrouble?: OnRedisTrouble | undefined;
  /** So long `ask` waits for an answer. @default 5_000 */
  readonly answerWithinMs?: number | undefined;
}

/** Redis did not do what it was asked now. The message is one line with what to do. */
export class RedisUnavailable extends Error {
  readonly code = 'unavailable';
  readonly retryable = true;
  constructor(message: string, options?: { readonly cause?: unknown }) {
    super(message, options);
    this.name = 'RedisUnavailable';
  }
}

/** A connection that has brought nothing for so long while an answer is due is given up: longer than a worker blocks. */
const silentMs = 30_000;

/**
 * The connection of one process to Redis. It never gives up: commands of workers wait until Redis is back, which is what
 * `redis` is for; `ask` is for callers that must not wait.
 */
export class RedisClient {
  readonly redis: Redis;
  readonly address: string;
  readonly #answerWithinMs: number;
  readonly #reports: TroubleReports;
  /** What fails those who wait for an answer. */
  readonly #asking = new Set<(error: Error) => void>();
  #last: unknown;

  constructor({ url, onTrouble, answerWithinMs = 5_000 }: RedisAddress) {
    this.#answerWithinMs = answerWithinMs;
    this.address = addressOf(url);
    this.#reports = new TroubleReports(onTrouble ?? (() => {}));
    // Blocking workers must not lose a command to a retry limit; half a second to one between attempts spares a Redis that starts.
    this.redis = new Redis(url, {
      maxRetriesPerRequest: null,
      retryStrategy: () => 500 + Math.random() * 500,
      connectTimeout: 5_000,
      socketTimeout: silentMs,
      keepAlive: 10_000,
    });
    this.redis.on('error', (error: unknown) => this.trouble(error));
    this.redis.on('close', () => {
      for (const fail of this.#asking) fail(new Error('the connection broke'));
    });
    this.redis.on('ready', () => {
      this.#reports.over();
      void this.#checkEviction();
    });
  }

  get ready(): boolean {
    return this.redis.status === 'ready';
  }

  /** The answer, or `RedisUnavailable` as soon as there is no connection, and when it takes too long. */
  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    if (!this.ready) throw this.#unavailable(this.#last ?? new Error('there is no connection'));
    const withinMs = this.#answerWithinMs;
    let timer: NodeJS.Timeout | undefined;
    let fail: (error: Error) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
      timer = setTimeout(() => reject(new Error(`no answer within ${withinMs} ms`)), withinMs);
    });
    this.#asking.add(fail);
    try {
      return await Promise.race([work(this.redis), failed]);
    } catch (error) {
      throw this.#unavailable(error);
    } finally {
      clearTimeout(timer);
      this.#asking.delete(fail);
    }
  }

  /** Something about Redis that went wrong somewhere else. */
  trouble(error: unknown): void {
    this.#last = error;
    this.#reports.say(redisTrouble(this.address, error));
  }

  close(): void {
    this.redis.disconnect();
  }

  #unavailable(error: unknown): RedisUnavailable {
    return new RedisUnavailable(redisTrouble(this.address, error), { cause: error });
  }

  /** A Redis that evicts keys loses jobs one by one, which nobody notices. Some hosts forbid CONFIG; INFO says it, too. */
  async #checkEviction(): Promise<void> {
    try {
      const policy = /maxmemory_policy:(\S+)/.exec(await this.redis.info('memory'))?.[1];
      if (policy === undefined || policy === 'noeviction') return;
      this.#reports.say(
        `Redis at ${this.address}: maxmemory-policy is ${policy}, so it may drop jobs when its memory is full; run: CONFIG SET maxmemory-policy noeviction`,
      );
    } catch {
      // The connection broke meanwhile: it is asked again when it is back.
    }
  }
}
