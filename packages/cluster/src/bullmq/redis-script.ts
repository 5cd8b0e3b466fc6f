import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';

/** A Lua script: sent by its digest, and as a whole where Redis does not know it (any more). */
export class RedisScript {
  readonly #text: string;
  readonly #digest: string;

  constructor(text: string) {
    this.#text = text;
    this.#digest = createHash('sha1').update(text).digest('hex');
  }

  async run(redis: Redis, keys: readonly string[], parameters: readonly (string | number)[]): Promise<unknown> {
    try {
      return await redis.evalsha(this.#digest, keys.length, ...keys, ...parameters);
    } catch (error) {
      if (!String(error).includes('NOSCRIPT')) throw error;
      return redis.eval(this.#text, keys.length, ...keys, ...parameters);
    }
  }
}
