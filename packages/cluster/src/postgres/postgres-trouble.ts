import { scrubbed } from '@tocsin/runtime';

/** SQLSTATE of a connection that failed: no fault of the data, unlike what a code of a store that is damaged says. */
const connectionFailure = '08006';

const remedies: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nobody listens there: start it, or correct host and port in the URL',
  ENOTFOUND: 'its host name is not known: check the host in the URL',
  EAI_AGAIN: 'its host name cannot be looked up now: check the host in the URL, or the DNS',
  ETIMEDOUT: 'it does not answer: check the network between',
  '28P01': 'it refused the password: correct it in the URL, postgres://user:password@host:5432/database',
  '28000': 'it refuses this user from here: allow it in pg_hba.conf',
  '3D000': 'the database is not there and was not made: run CREATE DATABASE, or give the user CREATEDB',
  '42501': 'the user may not do that: give it CREATE on the schema public of this database',
  '53300': 'it has too many connections: raise max_connections, or lower those of each process',
  '53100': 'its disk is full: make room',
  '57P01': 'it was ended or its database dropped: it is asked again',
  '57P03': 'it is starting: it is asked again',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is not trusted here: add sslrootcert=FILE to the URL',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is not trusted here: add sslrootcert=FILE to the URL',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is not trusted here: add sslrootcert=FILE to the URL',
};

/** PostgreSQL cannot be asked now. The message is one line with what to do; `code` is a SQLSTATE, also for what the network says. */
export class PostgresUnavailable extends Error {
  readonly code: string;
  readonly retryable = true;
  constructor(address: string, cause: unknown) {
    const first = firstOf(cause);
    const code = String(Reflect.get(Object(first), 'code') ?? '');
    const said = (first instanceof Error ? first.message : String(first)).split('\n')[0]?.slice(0, 200);
    super(scrubbed(`PostgreSQL at ${address}: ${said}; ${remedies[code] ?? 'it is asked again until it answers'}`), {
      cause,
    });
    this.name = 'PostgresUnavailable';
    this.code = /^[0-9A-Z]{5}$/.test(code) && !code.startsWith('E') ? code : connectionFailure;
  }
}

/** Of several addresses of one name, each has failed in its way: the first says enough. */
const firstOf = (error: unknown): unknown => (error instanceof AggregateError ? (error.errors[0] ?? error) : error);

/** Not an answer of the server about a query, but the lack of one; or one that holds for every query now. */
export function isUnavailable(error: unknown): boolean {
  const code = String(Reflect.get(Object(firstOf(error)), 'code') ?? '');
  // Errors of the driver itself ("Connection terminated unexpectedly", "Query read timeout") have no code.
  return code === '' || /^(08|28|53|57P|3D)/.test(code) || /^E[A-Z_]+$/.test(code);
}

/** The address without user, password and parameters. */
export function addressOf(url: string): string {
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
