import { postgresDialect } from '@tocsin/cluster';
import { type QueryHarness, querySuite } from '@tocsin/conformance';
import { conditionOf } from '@tocsin/core';
import { PgliteClient, pgliteDialect } from '@tocsin/embedded';
import { type Dialect, Kysely, sql } from 'kysely';
import { afterAll, it } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { searchColumnDefinitions, searchColumnsOf } from './search-columns.ts';
import { type KeyColumns, signalKeyColumns, sqlCondition } from './sql-condition.ts';

// One database for all cases: to start one takes longer than any of them. Its table is its connection's own: a server may be shared.
const pglite = databaseOf(pgliteDialect(await PgliteClient.open()));
const server = await resolveServer('postgres', 'the query suite on PostgreSQL');
const postgres = server && databaseOf(postgresDialect({ url: server.url, connections: 1, onTrouble: console.error }));
afterAll(async () => {
  await pglite.destroy();
  await postgres?.destroy();
  await server?.stop();
});

interface Tables {
  searched: {
    id: string;
    state: string;
    severity: string;
    created_at: string;
    search: string;
    words: string[];
    message_text: string;
    rest_text: string;
  };
}

const harness = (name: string, columns: KeyColumns, db: Kysely<Tables>): QueryHarness => ({
  name,
  capabilities: {},
  async open() {
    await sql`DROP TABLE IF EXISTS searched`.execute(db);
    await sql`CREATE TEMP TABLE searched (id text, state text, severity text, created_at bigint, ${searchColumnDefinitions})`.execute(
      db,
    );
    return {
      async store(views) {
        await db.deleteFrom('searched').execute();
        const rows = views.map((view) => ({
          id: view.id,
          state: view.triage.state,
          severity: view.severity,
          created_at: String(view.createdAt),
          ...searchColumnsOf(view),
        }));
        await db.insertInto('searched').values(rows).execute();
      },
      async find(root) {
        const found = await db
          .selectFrom('searched')
          .select('id')
          .where(sqlCondition(conditionOf(root), columns))
          .execute();
        return found.map(({ id }) => id);
      },
      close: async () => {},
    };
  },
});

querySuite(harness('PGlite, the document alone', {}, pglite));
querySuite(harness('PGlite, with columns of their own', signalKeyColumns, pglite));
if (postgres) querySuite(harness('PostgreSQL, with columns of their own', signalKeyColumns, postgres));
else it.skip('query: PostgreSQL (no PostgreSQL here)');

function databaseOf(dialect: Dialect): Kysely<Tables> {
  return new Kysely<Tables>({ dialect });
}
