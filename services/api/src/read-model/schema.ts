import { type Generated, type Kysely, sql } from 'kysely';
import { type SearchColumns, searchColumnDefinitions } from '../query/search-columns.ts';

/** Tables of the read model. Grows with the shape: a copy with another version is dropped and rebuilt from the log. */
export const schemaVersion = 2;

export interface Tables {
  signals: {
    id: string;
    org: string;
    created_at: string;
    state: string;
    severity: string;
    detections: string;
    /** `SignalView` as JSON text: it is read and written as a whole. */
    view: string;
  } & SearchColumns;
  /** Events that reached us before the signal they are about was opened: topics are read side by side. */
  waiting: { id: Generated<number>; signal_id: string; event: string };
  audit: { stream: string; seq: string; org: string; subject: string; hash: string; record: string };
  positions: { place: string; next: string };
  meta: { name: string; value: string };
}
export type Database = Kysely<Tables>;

/** Any number that nothing else in the database locks. */
const schemaLock = 7_460_311;

/** Creates what is not there, one process at a time: of two that create a table at once PostgreSQL fails one. */
export function createTables(db: Database): Promise<void> {
  return db.transaction().execute(async (own) => {
    await sql`SELECT pg_advisory_xact_lock(${schemaLock}::bigint)`.execute(own);
    await createMissing(own);
  });
}

async function createMissing(db: Database): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS meta (name text PRIMARY KEY, value text NOT NULL)`.execute(db);
  // Before the rest: the indexes below do not fit older tables.
  const found = await db.selectFrom('meta').select('value').where('name', '=', 'schema').executeTakeFirst();
  if (found && found.value !== String(schemaVersion)) {
    await dropTables(db);
    return createMissing(db);
  }
  await sql`CREATE TABLE IF NOT EXISTS positions (place text PRIMARY KEY, next bigint NOT NULL)`.execute(db);
  await sql`CREATE TABLE IF NOT EXISTS signals (
    id text PRIMARY KEY, org text NOT NULL, created_at bigint NOT NULL, state text NOT NULL, severity text NOT NULL,
    detections bigint NOT NULL, view text NOT NULL, ${searchColumnDefinitions}
  )`.execute(db);
  await sql`CREATE INDEX IF NOT EXISTS signals_by_time ON signals (org, created_at DESC, id DESC)`.execute(db);
  await sql`CREATE INDEX IF NOT EXISTS signals_by_state ON signals (org, state, severity, created_at DESC, id DESC)`.execute(
    db,
  );
  // Rows go through a pending list, which more than doubles the rate of writing; a short one, so that emptying it takes little.
  await sql`CREATE INDEX IF NOT EXISTS signals_by_value ON signals USING gin (search jsonb_path_ops) WITH (gin_pending_list_limit = 512)`.execute(
    db,
  );
  await sql`CREATE INDEX IF NOT EXISTS signals_by_word ON signals USING gin (words) WITH (gin_pending_list_limit = 512)`.execute(
    db,
  );
  await sql`CREATE TABLE IF NOT EXISTS waiting (id bigserial PRIMARY KEY, signal_id text NOT NULL, event text NOT NULL)`.execute(
    db,
  );
  await sql`CREATE INDEX IF NOT EXISTS waiting_by_signal ON waiting (signal_id)`.execute(db);
  await sql`CREATE TABLE IF NOT EXISTS audit (
    stream text NOT NULL, seq bigint NOT NULL, org text NOT NULL, subject text NOT NULL, hash text NOT NULL, record text NOT NULL,
    PRIMARY KEY (stream, seq)
  )`.execute(db);
  await sql`CREATE INDEX IF NOT EXISTS audit_by_subject ON audit (org, subject, stream, seq)`.execute(db);
  await db
    .insertInto('meta')
    .values({ name: 'schema', value: String(schemaVersion) })
    .onConflict((on) => on.doNothing())
    .execute();
}

export async function dropTables(db: Database): Promise<void> {
  await sql`DROP TABLE IF EXISTS signals, waiting, audit, positions, meta`.execute(db);
}
