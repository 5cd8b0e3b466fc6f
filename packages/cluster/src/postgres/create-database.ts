import { Client } from 'pg';

/** SQLSTATE of a database that is not there. */
export const databaseMissing = '3D000';

/** Undefined when the query could be asked, else why not. */
export async function failureOf(url: string, query = 'SELECT 1'): Promise<unknown> {
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

/**
 * Makes the database of a URL; undefined when it is there afterwards, whoever made it. In byte order: then pages are ordered
 * as the ids are everywhere else.
 */
export async function createDatabase(url: string): Promise<unknown> {
  const database = decodeURIComponent(new URL(url).pathname.slice(1));
  const maintenance = new URL(url);
  maintenance.pathname = '/postgres';
  const name = `"${database.replaceAll('"', '""')}"`;
  const statement = `CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'`;
  const failure = await failureOf(maintenance.href, statement);
  return failure === undefined ? undefined : (await failureOf(url)) && failure;
}

export const codeOf = (error: unknown): unknown => Reflect.get(Object(error), 'code');
