/** `node hanging-worker.ts URL PREFIX LOCK_MS`: takes jobs, says which on standard output, and never ends one. For tests that kill it. */
import process from 'node:process';
import { BullmqJobQueue } from '../src/bullmq/bullmq-job-queue.ts';
import { RedisClient } from '../src/bullmq/redis-client.ts';

const [url = '', prefix = '', lockMs = ''] = process.argv.slice(2);
const queue = new BullmqJobQueue<string>({ client: new RedisClient({ url }), prefix, lockMs: Number(lockMs) });
const { signal } = new AbortController();
await queue.work(
  ({ id }) => {
    console.log(id);
    return new Promise(() => {});
  },
  { perGroup: 4, total: 4, signal },
);
