import type { Dialect } from 'kysely';
import { Client } from 'pg';
import { type PostgresOptions, postgresDialect } from './postgres-dialect.ts';
import { addressOf, PostgresUnavailable } from './postgres-trouble.ts';

/**
 * Opens the database for Kysely, and makes it when it is not there: it holds no truth and is filled from the log. Rejects
 * with `PostgresUnavailable`.
 */
export async function openPostgres(options: PostgresOptions): Promise<Dialect> {
  const failure = await tried(options.url);
  if (failure !== undefined) {
    if (codeOf(failure) !== '3D000') throw new PostgresUnavailable(addressOf(options.url), failure);
    await create(options.url, failure);
  }
  return postgresDialect(options);
}

const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code');

/** Undefined when it can be connected to. */
async function tried(url: string, query = 'SELECT 1'): Promise<unknown> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    await client.query(query);
    return undefined;
  } catch (error) {
    return error;
  } finally {
    await client.end().catch(() => {});
  }
}

/** In byte order: then pages are ordered as the ids are everywhere else. Another process may make it at the same time. */
async function create(url: string, missing: unknown): Promise<void> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const name = `"${database.replaceAll('"', '""')}"`;
  const failure = await tried(
    maintenance.href,
    `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`,
  );
  if (failure === undefined || (await tried(url)) === undefined) return;
  throw new PostgresUnavailable(addressOf(url), codeOf(failure) === '42501' ? missing : failure);
}
