import { type ReadModelHarness, readModelSuite } from '@tocsin/conformance';
import { postgresDialect } from '@tocsin/cluster';
import { nodeDigest } from '@tocsin/runtime';
import { Kysely } from 'kysely';
import { afterAll, it } from 'vitest';
import { resolveServer } from '../../../../infra/native/index.ts';
import { createTables, dropTables, type Tables } from './schema.ts';
import { SqlReadModel } from './sql-read-model.ts';

const server = await resolveServer('postgres', 'the read model suite on PostgreSQL');

const harness = (db: Kysely<Tables>): ReadModelHarness => ({
  name: 'PostgreSQL',
  capabilities: {},
  async open() {
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
});

if (server) {
  const db = new Kysely<Tables>({ dialect: postgresDialect({ url: server.url, onTrouble: console.error }) });
  afterAll(async () => {
    await db.destroy();
    await server.stop();
  });
  readModelSuite(harness(db));
} else it.skip('read model: PostgreSQL (no PostgreSQL here)');
