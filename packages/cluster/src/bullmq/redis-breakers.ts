import type { BreakerOptions, Breakers, BreakersOf } from '@tocsin/core';
import type { RedisClient } from './redis-client.ts';
import { RedisScript } from './redis-script.ts';

// Instants are those of Redis: all workers share its clock.
const now = `local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)`;
/** What nobody has used for so long is forgotten. */
const keptMs = 3_600_000;
/** A trial that was never reported (its process died) is forgotten after this. */
const trialMs = 60_000;

// KEYS breaker   `trial`: the breaker is half open, and this attempt decides.
const enterScript = new RedisScript(`${now}
local until_ = redis.call('HGET', KEYS[1], 'until')
if not until_ then return 'closed' end
if now < tonumber(until_) then return 'open' end
redis.call('HSET', KEYS[1], 'until', now + ${trialMs})
return 'trial'`);

// KEYS breaker   ARGV failed trial limit openMs   Attempts that began before it opened change nothing while it is open, unless they succeed.
const leaveScript = new RedisScript(`${now}
local open = redis.call('HEXISTS', KEYS[1], 'until') == 1
if ARGV[1] == '0' then
  redis.call('DEL', KEYS[1])
  return open and 'closed' or ''
end
local failures = redis.call('HINCRBY', KEYS[1], 'failures', 1)
redis.call('PEXPIRE', KEYS[1], ${keptMs})
if open and ARGV[2] == '0' or not open and failures < tonumber(ARGV[3]) then return '' end
redis.call('HSET', KEYS[1], 'until', now + ARGV[4])
return open and 'reopened' or 'opened'`);

export interface RedisBreakersOptions extends BreakerOptions {
  readonly client: RedisClient;
  /** Of all keys. @default '{tocsin}' */
  readonly prefix?: string | undefined;
}

/** Breakers that all processes share. Where Redis does not answer, attempts are made as if all were closed. */
export class RedisBreakers<R> implements Breakers<R> {
  readonly #options: RedisBreakersOptions;
  readonly #failed: (result: R) => boolean;

  constructor(options: RedisBreakersOptions, failed: (result: R) => boolean) {
    this.#options = options;
    this.#failed = failed;
  }

  async run(sink: string, work: () => Promise<R>): Promise<R | undefined> {
    const entered = await this.#ask(enterScript, sink, []);
    if (entered === 'open') return undefined;
    const trial = entered === 'trial';
    if (trial) this.#options.changed?.(sink, 'half-open');
    try {
      const result = await work();
      await this.#leave(sink, { failed: this.#failed(result), trial });
      return result;
    } catch (error) {
      // Nothing was learnt about the far end; a trial must be decided all the same.
      if (trial) await this.#leave(sink, { failed: true, trial });
      throw error;
    }
  }

  async #leave(sink: string, { failed, trial }: { readonly failed: boolean; readonly trial: boolean }): Promise<void> {
    const { failures, openMs, opened, changed } = this.#options;
    const change = await this.#ask(leaveScript, sink, [failed ? 1 : 0, trial ? 1 : 0, failures, openMs]);
    if (change === 'closed') changed?.(sink, 'closed');
    if (change !== 'opened' && change !== 'reopened') return;
    changed?.(sink, 'open');
    opened(sink, change === 'opened');
  }

  #ask(script: RedisScript, sink: string, parameters: readonly number[]): Promise<unknown> {
    const { client, prefix = '{tocsin}' } = this.#options;
    return client
      .ask((redis) => script.run(redis, [`${prefix}:breaker:${sink}`], parameters))
      .catch((error: unknown) => client.trouble(error instanceof Error && error.cause ? error.cause : error));
  }
}

/** For the delivery worker: breakers in this Redis. */
export const redisBreakers =
  (about: Pick<RedisBreakersOptions, 'client' | 'prefix'>): BreakersOf =>
  (options, failed) =>
    new RedisBreakers({ ...options, ...about }, failed);
