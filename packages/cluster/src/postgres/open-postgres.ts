import type { Dialect } from 'kysely';
import { codeOf, createDatabase, databaseMissing, failureOf } from './create-database.ts';
import { type PostgresOptions, postgresDialect } from './postgres-dialect.ts';
import { addressOf, PostgresUnavailable } from './postgres-trouble.ts';

/**
 * Opens the database for Kysely, and makes it when it is not there: it holds no truth and is filled from the log. Rejects
 * with `PostgresUnavailable`.
 */
export async function openPostgres(options: PostgresOptions): Promise<Dialect> {
  const { url } = options;
  const failure = await failureOf(url);
  const missing = codeOf(failure) === databaseMissing;
  const remaining = missing ? await createDatabase(url) : failure;
  if (remaining !== undefined) throw new PostgresUnavailable(addressOf(url), remaining);
  return postgresDialect(options);
}
