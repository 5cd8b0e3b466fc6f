import { type Recorded, type TopicName, topicShape } from '@tocsin/core';
import Database from 'libsql';

/** A record with its place in the one order that everything on this machine has. */
export interface Placed {
  readonly gid: number;
  readonly record: Recorded;
  /** The value as it is stored. */
  readonly text: string;
}

export interface StatePut {
  readonly processor: string;
  readonly key: string;
  readonly version: number;
  /** Undefined forgets the entry. */
  readonly text: string | undefined;
  readonly wakeAt: number | undefined;
}

/** All that one transaction writes. */
export interface Batch {
  readonly records: readonly Placed[];
  readonly puts: readonly StatePut[];
  /** Named small texts: positions of tasks and readers. */
  readonly notes: ReadonlyMap<string, string>;
}

interface Row {
  readonly gid: number;
  readonly offset: number;
  readonly key: string;
  readonly at: number;
  readonly occurred: number | null;
  readonly seq: number | null;
  readonly value: string;
}

interface TopicStatements {
  readonly insert: Database.Statement;
  readonly from: Database.Statement;
}

/**
 * The SQLite file: one table a topic, one for processor state, one for positions. `synchronous=FULL`: a commit that returned
 * survives power loss. One thread writes. Text of the schema is here and nowhere else.
 */
export class SqliteStore {
  readonly #db: Database.Database;
  readonly #topics = new Map<TopicName, TopicStatements>();
  readonly #put: Database.Statement;
  readonly #forget: Database.Statement;
  readonly #state: Database.Statement;
  readonly #states: Database.Statement;
  readonly #wakes: Database.Statement;
  readonly #note: Database.Statement;
  readonly #notes: Database.Statement;

  /** `:memory:` keeps nothing: for tests. */
  constructor(path: string) {
    this.#db = new Database(path);
    this.#db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -16000;',
    );
    this.#db.exec(`
      CREATE TABLE IF NOT EXISTS state (
        processor TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, wake_at INTEGER, value TEXT NOT NULL,
        PRIMARY KEY (processor, key)
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS state_wake ON state (processor, wake_at, key) WHERE wake_at IS NOT NULL;
      CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    `);
    this.#put = this.#db.prepare(
      'INSERT INTO state VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, wake_at = excluded.wake_at, value = excluded.value',
    );
    this.#forget = this.#db.prepare('DELETE FROM state WHERE processor = ? AND key = ?');
    this.#state = this.#db.prepare('SELECT version, value FROM state WHERE processor = ? AND key = ?');
    this.#states = this.#db.prepare('SELECT key, version, value FROM state WHERE processor = ? ORDER BY key');
    this.#wakes = this.#db.prepare(
      'SELECT key, wake_at AS at FROM state WHERE processor = ? AND wake_at >= ? ORDER BY wake_at, key LIMIT ?',
    );
    this.#note = this.#db.prepare('INSERT INTO note VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
    this.#notes = this.#db.prepare('SELECT value FROM note WHERE name = ?');
  }

  /** All of it or nothing. Throws what SQLite throws; the transaction is then rolled back. */
  commit(batch: Batch): void {
    for (const { record } of batch.records) this.#statements(record.topic);
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const placed of batch.records) this.#insert(placed);
      for (const put of batch.puts) this.#write(put);
      for (const [name, value] of batch.notes) this.#note.run(name, value);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  state(processor: string, key: string): { readonly version: number; readonly value: string } | undefined {
    return this.#state.get(processor, key) as { version: number; value: string } | undefined;
  }

  /** Every entry of a processor, in the order of keys. */
  states(processor: string): readonly { readonly key: string; readonly version: number; readonly value: string }[] {
    return this.#states.all(processor) as { key: string; version: number; value: string }[];
  }

  /** The next wakes at or after `from`, earliest first, then by key. */
  wakes(processor: string, from: number, limit: number): readonly { readonly at: number; readonly key: string }[] {
    return this.#wakes.all(processor, from, limit) as { at: number; key: string }[];
  }

  note(name: string): string | undefined {
    return (this.#notes.get(name) as { value: string } | undefined)?.value;
  }

  /** Up to `limit` records of a topic from an offset on. */
  records(topic: TopicName, from: number, limit: number): readonly Placed[] {
    const rows = this.#statements(topic).from.all(from, limit) as Row[];
    return rows.map((row) => placedOf(topic, row));
  }

  /** The last record of every topic that has one. */
  lasts(): readonly Placed[] {
    const tables = this.#db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'topic:%'")
      .all() as {
      name: string;
    }[];
    return tables.flatMap(({ name }) => {
      const row = this.#db.prepare(`SELECT * FROM "${name}" ORDER BY "offset" DESC LIMIT 1`).get() as Row | undefined;
      return row ? [placedOf(name.slice('topic:'.length) as TopicName, row)] : [];
    });
  }

  close(): void {
    this.#db.close();
  }

  #insert({ gid, record, text }: Placed): void {
    this.#statements(record.topic).insert.run(
      record.offset,
      gid,
      record.key,
      record.recordedAt,
      record.occurredAt ?? null,
      record.seq ?? null,
      text,
    );
  }

  #write({ processor, key, version, text, wakeAt }: StatePut): void {
    if (text === undefined) this.#forget.run(processor, key);
    else this.#put.run(processor, key, version, wakeAt ?? null, text);
  }

  #statements(topic: TopicName): TopicStatements {
    const known = this.#topics.get(topic);
    if (known) return known;
    if (!/^[a-z0-9._-]+$/.test(topic)) throw new Error(`not a topic name: ${topic}`);
    const table = `"topic:${topic}"`;
    this.#db.exec(
      `CREATE TABLE IF NOT EXISTS ${table} ("offset" INTEGER PRIMARY KEY, gid INTEGER NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, occurred INTEGER, seq INTEGER, value TEXT NOT NULL)`,
    );
    const made = {
      insert: this.#db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?)`),
      from: this.#db.prepare(`SELECT * FROM ${table} WHERE "offset" >= ? ORDER BY "offset" LIMIT ?`),
    };
    this.#topics.set(topic, made);
    return made;
  }
}

function placedOf(topic: TopicName, row: Row): Placed {
  const record: Recorded = {
    topic,
    partition: 0,
    offset: row.offset,
    key: row.key,
    value: topicShape(topic).text ? row.value : (JSON.parse(row.value) as unknown),
    recordedAt: row.at,
    ...(row.occurred !== null && { occurredAt: row.occurred }),
    ...(row.seq !== null && { seq: row.seq }),
  };
  return { gid: row.gid, record, text: row.value };
}
