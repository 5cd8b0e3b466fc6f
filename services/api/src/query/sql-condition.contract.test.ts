import { type QueryHarness, querySuite } from '@tocsin/conformance';
import { conditionOf } from '@tocsin/core';
import { PgliteClient, pgliteDialect } from '@tocsin/embedded';
import { Kysely, sql } from 'kysely';
import { afterAll } from 'vitest';
import { searchColumnDefinitions, searchColumnsOf } from './search-columns.ts';
import { type KeyColumns, signalKeyColumns, sqlCondition } from './sql-condition.ts';

// One database for all cases: to start one takes longer than any of them.
const client = PgliteClient.open();
afterAll(async () => (await client).close());

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

const harness = (name: string, columns: KeyColumns): QueryHarness => ({
  name,
  capabilities: {},
  async open() {
    const db = new Kysely<Tables>({ dialect: pgliteDialect(await client) });
    await sql`DROP TABLE IF EXISTS searched`.execute(db);
    await sql`CREATE TABLE searched (id text, state text, severity text, created_at bigint, ${searchColumnDefinitions})`.execute(
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

querySuite(harness('PGlite, the document alone', {}));
querySuite(harness('PGlite, with columns of their own', signalKeyColumns));
