export { BullmqJobQueue, type BullmqJobQueueOptions } from './bullmq/bullmq-job-queue.ts';
export { redisBreakers } from './bullmq/redis-breakers.ts';
export { type RedisAddress, RedisClient, RedisUnavailable } from './bullmq/redis-client.ts';
export { type Rate, RedisRateWindows } from './bullmq/redis-rate-windows.ts';
export type { OnRedisTrouble } from './bullmq/redis-trouble.ts';
export { openPostgres } from './postgres/open-postgres.ts';
export { postgresDialect, type PostgresOptions } from './postgres/postgres-dialect.ts';
export { isUnavailable as isPostgresUnavailable, PostgresUnavailable } from './postgres/postgres-trouble.ts';
