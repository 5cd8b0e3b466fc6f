import { type ReadModelHarness, readModelSuite } from '@tocsin/conformance';
import { PgliteClient, pgliteDialect } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import { Kysely } from 'kysely';
import { afterAll } from 'vitest';
import { createTables, dropTables, type Tables } from './schema.ts';
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
