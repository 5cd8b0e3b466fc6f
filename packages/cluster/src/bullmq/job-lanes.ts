import { randomUUID } from 'node:crypto';
import type { Duration, Instant, Job } from '@tocsin/core';
import type { Redis } from 'ioredis';
import { RedisScript } from './redis-script.ts';

/** A job as it waits in its lane: every adding of an id has a ticket of its own. */
export interface Ticketed<D> {
  /** The BullMQ id: no colon, not all digits, never used twice. */
  readonly ticket: string;
  readonly job: Job<D>;
}

const ticketLength = 36;

// KEYS epoch jobs groups (lane done)…   ARGV newEpoch (id ticket group entry)…
// Gives the epoch and the head of each lane. Heads of known jobs, too: whoever added them may have died before they were queued.
const acceptScript = new RedisScript(`
local epoch = redis.call('GET', KEYS[1])
if not epoch then epoch = ARGV[1] redis.call('SET', KEYS[1], epoch) end
local answer = { epoch }
for i = 4, #KEYS, 2 do
  local at = (i - 4) * 2 + 2
  if redis.call('EXISTS', KEYS[i + 1]) == 0 and redis.call('HSETNX', KEYS[2], ARGV[at], ARGV[at + 1]) == 1 then
    redis.call('RPUSH', KEYS[i], ARGV[at + 3])
    redis.call('SADD', KEYS[3], ARGV[at + 2])
  end
  answer[#answer + 1] = redis.call('LINDEX', KEYS[i], 0) or ''
end
return answer`);

// KEYS lane running   ARGV ticket now   Gives 1 when the ticket is at the head, and the head when it is not.
const beginScript = new RedisScript(`
local head = redis.call('LINDEX', KEYS[1], 0)
if not head or string.sub(head, 1, ${ticketLength}) ~= ARGV[1] then return head or '' end
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
return 1`);

// KEYS lane running jobs done   ARGV ticket id rememberMs   Gives the new head.
const endScript = new RedisScript(`
redis.call('ZREM', KEYS[2], ARGV[1])
local head = redis.call('LINDEX', KEYS[1], 0)
if not head or string.sub(head, 1, ${ticketLength}) ~= ARGV[1] then return head or '' end
redis.call('LPOP', KEYS[1])
if redis.call('HGET', KEYS[3], ARGV[2]) == ARGV[1] then redis.call('HDEL', KEYS[3], ARGV[2]) end
if ARGV[3] ~= '0' then redis.call('SET', KEYS[4], '', 'PX', ARGV[3]) end
return redis.call('LINDEX', KEYS[1], 0) or ''`);

// KEYS epoch   ARGV newEpoch
const epochScript = new RedisScript(`
redis.call('SET', KEYS[1], ARGV[1], 'NX')
return redis.call('GET', KEYS[1])`);

/**
 * The order of jobs in Redis. BullMQ holds only the first job of each lane, this the lanes, which ids are known, and a marker
 * (the epoch) that is gone when Redis was wiped. Each step is one script, so a process may die between any two of them.
 */
export class JobLanes<D> {
  readonly #redis: Redis;
  readonly #prefix: string;

  constructor(redis: Redis, prefix: string) {
    this.#redis = redis;
    this.#prefix = prefix;
  }

  /** Takes what is not known yet. `heads` must be queued; that they may be queued already does no harm. */
  async accept(jobs: readonly Job<D>[]): Promise<{ readonly epoch: string; readonly heads: readonly Ticketed<D>[] }> {
    const parameters = jobs.flatMap((job) => {
      const ticket = randomUUID();
      return [job.id, ticket, job.group, ticket + JSON.stringify(job)];
    });
    const keys = [
      this.#key('epoch'),
      this.#key('jobs'),
      this.#key('groups'),
      ...jobs.flatMap(({ lane, id }) => [this.#lane(lane), this.#done(id)]),
    ];
    const [epoch = '', ...heads] = (await acceptScript.run(this.#redis, keys, [
      randomUUID(),
      ...parameters,
    ])) as string[];
    return { epoch, heads: [...new Set(heads)].flatMap((head) => read<D>(head) ?? []) };
  }

  /** `mine`: it is this job's turn. Otherwise `head` is the job whose turn it is, if any. */
  async begin(
    { ticket, job }: Ticketed<D>,
    now: Instant,
  ): Promise<{ mine: true } | { mine: false; head?: Ticketed<D> }> {
    const keys = [this.#lane(job.lane), this.#key('running')];
    const answer = await beginScript.run(this.#redis, keys, [ticket, now]);
    if (answer === 1) return { mine: true };
    const head = read<D>(String(answer));
    return { mine: false, ...(head && { head }) };
  }

  /** The job is done with, and its id is refused for so long; resolves to the next of its lane. */
  async end({ ticket, job }: Ticketed<D>, rememberMs: Duration): Promise<Ticketed<D> | undefined> {
    const keys = [this.#lane(job.lane), this.#key('running'), this.#key('jobs'), this.#done(job.id)];
    return read<D>(String(await endScript.run(this.#redis, keys, [ticket, job.id, rememberMs])));
  }

  /** Another one than before: everything was wiped in between. */
  async epoch(): Promise<string> {
    return String(await epochScript.run(this.#redis, [this.#key('epoch')], [randomUUID()]));
  }

  groups(): Promise<readonly string[]> {
    return this.#redis.smembers(this.#key('groups'));
  }

  async counts(): Promise<{ readonly waiting: number; readonly running: number }> {
    const [known, running] = await Promise.all([
      this.#redis.hlen(this.#key('jobs')),
      this.#redis.zcard(this.#key('running')),
    ]);
    return { waiting: Math.max(0, known - running), running };
  }

  #key(name: string): string {
    return `${this.#prefix}:${name}`;
  }
  #done(id: string): string {
    return this.#key(`done:${id}`);
  }
  #lane(lane: string): string {
    return this.#key(`lane:${lane}`);
  }
}

function read<D>(entry: string): Ticketed<D> | undefined {
  if (entry === '') return undefined;
  return { ticket: entry.slice(0, ticketLength), job: JSON.parse(entry.slice(ticketLength)) as Job<D> };
}
