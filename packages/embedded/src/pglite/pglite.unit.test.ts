import { Kysely, sql } from 'kysely';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PgliteClient } from './pglite-client.ts';
import { pgliteDialect } from './pglite-dialect.ts';

let db: Kysely<{ t: { id: number; v: string } }>;
beforeAll(async () => {
  db = new Kysely({ dialect: pgliteDialect(await PgliteClient.open()) });
  await sql`CREATE TABLE t (id int PRIMARY KEY, v text)`.execute(db);
});
afterAll(() => db.destroy());

it('keeps a transaction to itself while others ask', async () => {
  const inside = db.transaction().execute(async (trx) => {
    await trx.insertInto('t').values({ id: 1, v: 'a' }).execute();
    await trx.insertInto('t').values({ id: 2, v: 'b' }).execute();
  });
  const outside = db.selectFrom('t').selectAll().execute();
  await inside;
  expect(await outside).toHaveLength(2);
});

it('rolls back what fails and goes on', async () => {
  const failing = db.transaction().execute(async (trx) => {
    await trx.insertInto('t').values({ id: 3, v: 'c' }).execute();
    await trx.insertInto('t').values({ id: 1, v: 'again' }).execute();
  });
  await expect(failing).rejects.toMatchObject({ code: '23505' });
  expect(await db.selectFrom('t').selectAll().where('id', '=', 3).execute()).toEqual([]);
});
