export { startKafka, type StartedKafka } from './kafka.ts';
export { Missing } from './missing.ts';
export { startPostgres, type StartedPostgres } from './postgres.ts';
export { startRedis, type StartedRedis } from './redis.ts';
export { type StartedRegistry, startRegistry } from './registry.ts';
export { type Resolved, resolveServer, type ServerKind } from './resolve.ts';
export type { Server } from './server.ts';
