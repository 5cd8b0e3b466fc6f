/** Where a test gets a real server from: an address in the environment, else one started here, else not at all, loudly. */
import process from 'node:process';
import { startKafka } from './kafka.ts';
import { Missing } from './missing.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { startRegistry } from './registry.ts';

const servers = {
  kafka: { variable: 'TOCSIN_TEST_KAFKA', start: () => startKafka() },
  registry: { variable: 'TOCSIN_TEST_REGISTRY', start: startRegistry },
  redis: { variable: 'TOCSIN_TEST_REDIS', start: startRedis },
  postgres: { variable: 'TOCSIN_TEST_POSTGRES', start: startPostgres },
} as const;

export type ServerKind = keyof typeof servers;

export interface Resolved {
  readonly url: string;
  /** Ends what was started here; a server of the environment stays. */
  stop(): Promise<void>;
}

/**
 * The server, or undefined where there is none: then one line has said what is skipped, why, and what would help.
 * With TOCSIN_CLUSTER=required that is an error instead.
 */
export async function resolveServer(kind: ServerKind, suite: string): Promise<Resolved | undefined> {
  const { variable, start } = servers[kind];
  const given = process.env[variable];
  if (given) return { url: given, stop: async () => {} };
  try {
    return await start();
  } catch (error) {
    if (!(error instanceof Missing) || process.env.TOCSIN_CLUSTER === 'required') throw error;
    console.warn(`SKIPPED: ${suite} needs ${kind}. ${error.message}, or set ${variable}`);
    return undefined;
  }
}
