export { Missing } from './missing.ts';
export { startPostgres, type StartedPostgres } from './postgres.ts';
export { startRedis, type StartedRedis } from './redis.ts';
export type { Server } from './server.ts';
