import { type ReadModelHarness, readModelSuite } from '@tocsin/conformance';
import { PgliteClient, pgliteDialect } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import { Kysely, sql } from 'kysely';
import { afterAll, expect, test } from 'vitest';
import { matched } from './matched.ts';
import { createTables, dropTables, type Tables } from './schema.ts';
import { listOrder } from './sort-key.ts';
import { SqlReadModel } from './sql-read-model.ts';

// One database for all cases: to start one takes longer than any of them.
const client = PgliteClient.open();
afterAll(async () => (await client).close());

const harness: ReadModelHarness = {
  name: 'PGlite',
  capabilities: {},
  async open() {
    const db = new Kysely<Tables>({ dialect: pgliteDialect(await client) });
    await dropTables(db);
    await createTables(db);
    let model = new SqlReadModel({ db, digest: nodeDigest });
    return {
      get model() {
        return model;
      },
      async reopen() {
        await createTables(db);
        model = new SqlReadModel({ db, digest: nodeDigest });
      },
      close: async () => {},
    };
  },
};

readModelSuite(harness);

test.each([true, false])(
  'a page of a list by time (descending: %s) is read off an index, from where the last one ended',
  async (descending) => {
    const db = new Kysely<Tables>({ dialect: pgliteDialect(await client) });
    await createTables(db);
    // In an empty table everything else would be cheaper.
    await sql`SET enable_seqscan = off`.execute(db);
    const order = listOrder({ field: 'timestamp', descending });
    const { rows } = await sql<Record<string, string>>`EXPLAIN SELECT view FROM signals
    WHERE ${matched({ org: 'main' })} AND ${order.after({ value: '5', id: 'x' })} ORDER BY ${order.orderBy} LIMIT 10`.execute(
      db,
    );
    await sql`SET enable_seqscan = on`.execute(db);
    const plan = rows.flatMap((row) => Object.values(row)).join('\n');
    expect(plan).toMatch(/Index Scan.* signals_by_time/);
    expect(plan).toMatch(/Index Cond: .*ROW\(created_at, id\)/);
    expect(plan).not.toContain('Sort');
  },
);
