export { BullmqJobQueue, type BullmqJobQueueOptions } from './bullmq/bullmq-job-queue.ts';
export { type RedisAddress, RedisClient, RedisUnavailable } from './bullmq/redis-client.ts';
export type { OnRedisTrouble } from './bullmq/redis-trouble.ts';
