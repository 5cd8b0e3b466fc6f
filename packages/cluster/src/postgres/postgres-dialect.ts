import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type PostgresCursor,
  PostgresDialect,
  type PostgresPool,
  type PostgresPoolClient,
  type PostgresQueryResult,
} from 'kysely';
import { Pool, type PoolClient } from 'pg';
import { codeOf, createDatabase, databaseMissing } from './create-database.ts';
import { addressOf, isUnavailable, PostgresUnavailable } from './postgres-trouble.ts';

export interface PostgresOptions {
  /** `postgres://user:password@host:port/database`; `?sslmode=verify-full&sslrootcert=FILE` for TLS. */
  readonly url: string;
  /** Connections of this process at most. @default 10 */
  readonly connections?: number | undefined;
  /** Of one statement. @default 30_000 */
  readonly timeoutMs?: number | undefined;
  /** Told in one line when a connection that nobody uses now is lost. */
  readonly onTrouble?: ((line: string) => void) | undefined;
}

/** Kysely on PostgreSQL: a pool, and `PostgresUnavailable` for whatever is not the answer to a query. */
export function postgresDialect({ url, connections = 10, timeoutMs = 30_000, onTrouble }: PostgresOptions): Dialect {
  const pool = new Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: 5_000,
    // One that does not answer at all would hold its query for ever.
    query_timeout: timeoutMs + 5_000,
    keepAlive: true,
  });
  const address = addressOf(url);
  pool.on('error', (error) => onTrouble?.(new PostgresUnavailable(address, error).message));
  const onCreateConnection = (connection: DatabaseConnection) => setUp(connection, timeoutMs);
  return new PostgresDialect({ pool: new MappedPool(pool, url), onCreateConnection });
}

/**
 * The read model may lose its last transactions: rows and positions are lost together and read again. So no commit waits for
 * the disk. A projector that hangs inside its transaction must not hold up the others for longer than a statement may take.
 */
async function setUp(connection: DatabaseConnection, timeoutMs: number): Promise<void> {
  const settings = {
    synchronous_commit: 'off',
    statement_timeout: String(timeoutMs),
    idle_in_transaction_session_timeout: String(timeoutMs),
  };
  for (const [name, value] of Object.entries(settings))
    await connection.executeQuery(CompiledQuery.raw(`SET ${name} TO '${value}'`));
}

class MappedPool implements PostgresPool {
  readonly #pool: Pool;
  readonly #url: string;
  /** Kysely knows a connection again by its client. */
  readonly #clients = new WeakMap<PoolClient, MappedClient>();

  constructor(pool: Pool, url: string) {
    this.#pool = pool;
    this.#url = url;
  }

  async connect(): Promise<PostgresPoolClient> {
    const client = await this.#connected();
    const mapped = this.#clients.get(client) ?? new MappedClient(client, addressOf(this.#url));
    this.#clients.set(client, mapped);
    return mapped;
  }

  /** One that was dropped meanwhile is made again, empty: that its tables are gone is what its user then hears. */
  async #connected(): Promise<PoolClient> {
    try {
      return await this.#pool.connect();
    } catch (error) {
      const failure = codeOf(error) === databaseMissing ? await createDatabase(this.#url) : error;
      if (failure !== undefined) throw new PostgresUnavailable(addressOf(this.#url), failure);
      return this.#connectedAgain();
    }
  }

  #connectedAgain(): Promise<PoolClient> {
    return this.#pool.connect().catch((error: unknown) => {
      throw new PostgresUnavailable(addressOf(this.#url), error);
    });
  }

  end(): Promise<void> {
    return this.#pool.end();
  }
}

class MappedClient implements PostgresPoolClient {
  readonly #client: PoolClient;
  readonly #address: string;
  #broken = false;

  constructor(client: PoolClient, address: string) {
    this.#client = client;
    this.#address = address;
    // While it is in use its errors come with its queries; without a listener the event would end the process.
    client.on('error', () => {
      this.#broken = true;
    });
  }

  query<R>(sql: string, parameters: readonly unknown[]): Promise<PostgresQueryResult<R>>;
  query<R>(cursor: PostgresCursor<R>): PostgresCursor<R>;
  /** Kysely uses cursors only where it was given their class, which is not so here. */
  query(sql: unknown, parameters: readonly unknown[] = []): unknown {
    return this.#ask(String(sql), [...parameters]);
  }

  release(): void {
    this.#client.release(this.#broken);
  }

  async #ask(sql: string, parameters: unknown[]): Promise<unknown> {
    try {
      return await this.#client.query(sql, parameters);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      this.#broken = true;
      throw new PostgresUnavailable(this.#address, error);
    }
  }
}
