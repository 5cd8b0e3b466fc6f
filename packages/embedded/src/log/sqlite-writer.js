// The writing half of the log's SQLite file. Plain JavaScript, because the writer thread is loaded by Node itself, in tests
// too; the thread and the in-memory log of the tests share it.
import Database from 'libsql';

/**
 * All that one transaction writes. Rows are flat, because they are copied to another thread.
 * @typedef {readonly [topic: string, offset: number, gid: number, key: string, at: number, occurred: number | null, seq: number | null, text: string]} RecordRow
 * @typedef {readonly [processor: string, key: string, version: number, wakeAt: number | null, text: string | null]} StateRow
 * @typedef {readonly [name: string, text: string]} NoteRow
 * @typedef {{ readonly records: readonly RecordRow[], readonly puts: readonly StateRow[], readonly notes: readonly NoteRow[] }} Batch
 */

/**
 * @param {string} topic
 * @returns {string} the quoted name of its table
 */
export function tableOf(topic) {
  if (!/^[a-z0-9._-]+$/.test(topic)) throw new Error(`not a topic name: ${topic}`);
  return `"topic:${topic}"`;
}

/** `synchronous=FULL`: a commit that returned survives power loss. */
export class SqliteWriter {
  #db;
  /** @type {Map<string, Database.Statement>} */
  #inserts = new Map();
  #put;
  #forget;
  #note;

  /** @param {Database.Database} db */
  constructor(db) {
    this.#db = db;
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000; PRAGMA cache_size = -32000;',
    );
    db.exec(`
      CREATE TABLE IF NOT EXISTS state (
        processor TEXT NOT NULL, key TEXT NOT NULL, version INTEGER NOT NULL, wake_at INTEGER, value TEXT NOT NULL,
        PRIMARY KEY (processor, key)
      ) WITHOUT ROWID;
      CREATE INDEX IF NOT EXISTS state_wake ON state (processor, wake_at, key) WHERE wake_at IS NOT NULL;
      CREATE TABLE IF NOT EXISTS note (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    `);
    this.#put = db.prepare(
      'INSERT INTO state VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version, wake_at = excluded.wake_at, value = excluded.value',
    );
    this.#forget = db.prepare('DELETE FROM state WHERE processor = ? AND key = ?');
    this.#note = db.prepare('INSERT INTO note VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value');
  }

  /** @param {string} path */
  static open(path) {
    return new SqliteWriter(new Database(path));
  }

  /**
   * All of it or nothing. Throws what SQLite throws; the transaction is then rolled back.
   * @param {Batch} batch
   */
  commit({ records, puts, notes }) {
    for (const [topic] of records) this.#insert(topic);
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const [topic, ...row] of records) this.#insert(topic).run(...row);
      for (const [processor, key, version, wakeAt, text] of puts) {
        if (text === null) this.#forget.run(processor, key);
        else this.#put.run(processor, key, version, wakeAt, text);
      }
      for (const [name, text] of notes) this.#note.run(name, text);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  close() {
    this.#db.close();
  }

  /** SQLite has rolled back by itself after some errors (disk full): there is then nothing left to roll back. */
  #rollBack() {
    try {
      this.#db.exec('ROLLBACK');
    } catch {
      // Nothing was open.
    }
  }

  /** @param {string} topic */
  #insert(topic) {
    const known = this.#inserts.get(topic);
    if (known) return known;
    const table = tableOf(topic);
    this.#db.exec(
      `CREATE TABLE IF NOT EXISTS ${table} ("offset" INTEGER PRIMARY KEY, gid INTEGER NOT NULL, key TEXT NOT NULL, at INTEGER NOT NULL, occurred INTEGER, seq INTEGER, value TEXT NOT NULL)`,
    );
    const made = this.#db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?, ?, ?, ?)`);
    this.#inserts.set(topic, made);
    return made;
  }
}
