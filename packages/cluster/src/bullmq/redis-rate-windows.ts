import type { Duration } from '@tocsin/core';
import type { RedisClient } from './redis-client.ts';
import { RedisScript } from './redis-script.ts';

export interface Rate {
  readonly attempts: number;
  readonly perMs: Duration;
}

// One number a sink: when its window would be empty again (the generic cell rate algorithm).
// KEYS window   ARGV attempts perMs   Gives 0, or the milliseconds to wait.
const takeScript = new RedisScript(`
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local step = ARGV[2] / ARGV[1]
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or '0'), now)
local wait = empty + step - ARGV[2] - now
if wait > 0 then return math.ceil(wait) end
redis.call('SET', KEYS[1], string.format('%.3f', empty + step), 'PX', math.ceil(empty + step - now))
return 0`);

/** How many attempts all processes together make at a sink in a while. */
export class RedisRateWindows {
  readonly #client: RedisClient;
  readonly #prefix: string;

  constructor({ client, prefix = '{tocsin}' }: { readonly client: RedisClient; readonly prefix?: string | undefined }) {
    this.#client = client;
    this.#prefix = prefix;
  }

  /**
   * Milliseconds to wait before asking again; 0: an attempt may be made now and is counted. Never more than `attempts` at
   * once, and then one every `perMs / attempts`. Where Redis does not answer, nobody is held back.
   */
  async take(sink: string, { attempts, perMs }: Rate): Promise<Duration> {
    const key = `${this.#prefix}:rate:${sink}`;
    const answer = this.#client.ask((redis) => takeScript.run(redis, [key], [attempts, perMs]));
    return Number(await answer.catch(() => 0));
  }
}
