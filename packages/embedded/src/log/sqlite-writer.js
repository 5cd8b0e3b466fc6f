// The writing half of the log's SQLite file. Plain JavaScript, because the writer thread is loaded by Node itself, in tests
// too; the thread and the in-memory log of the tests share it.
import Database from 'libsql';

/**
 * All that one transaction writes, packed: copying one long text and a few numbers to another thread costs a fraction of
 * copying every value by itself. `puts` holds five numbers a state entry: index of its processor in `names`, version, `wakeAt`
 * (NaN: none), length of its key, length of its text (-1: forget it). Keys and texts stand in `texts` one after another.
 * @typedef {{
 *   readonly segments: readonly import('./segment.ts').Segment[],
 *   readonly names: readonly string[],
 *   readonly puts: Float64Array,
 *   readonly texts: string,
 *   readonly notes: readonly (readonly [name: string, text: string])[],
 * }} Batch
 */
export const putNumbers = 5;

/** Number of the layout of the file; grows when an older release could not read it. */
const layout = 2;

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
    checkLayout(db);
    // Large pages: records of a few KB pack well, and a commit touches fewer of them. Whoever commits sees to checkpoints.
    db.exec(
      'PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -32000; PRAGMA busy_timeout = 5000;',
    );
    db.exec(`
      PRAGMA user_version = ${layout};
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
  commit(batch) {
    for (const { topic } of batch.segments) this.#insert(topic);
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      for (const { topic, first, count, head, body } of batch.segments)
        this.#insert(topic).run(first, count, head, Buffer.from(body.buffer));
      this.#writeStates(batch);
      for (const [name, text] of batch.notes) this.#note.run(name, text);
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#rollBack();
      throw error;
    }
  }

  /** @param {Batch} batch */
  #writeStates({ names, puts, texts }) {
    let at = 0;
    for (let n = 0; n < puts.length; n += putNumbers) {
      const processor = names[number(puts, n)];
      const key = texts.slice(at, at + number(puts, n + 3));
      const length = number(puts, n + 4);
      at += key.length;
      if (length < 0) this.#forget.run(processor, key);
      else {
        this.#put.run(processor, key, number(puts, n + 1), orNull(puts, n + 2), texts.slice(at, at + length));
        at += length;
      }
    }
  }

  /**
   * Copies what was committed into the database file, as far as no reader stands in the way. Never fails: it can be done later.
   * @param {'PASSIVE' | 'TRUNCATE'} mode
   */
  checkpoint(mode = 'PASSIVE') {
    try {
      this.#db.exec(`PRAGMA wal_checkpoint(${mode})`);
    } catch {
      // A disk that is full is told of by the next commit.
    }
  }

  /** Leaves nothing to be recovered at the next start. */
  close() {
    this.checkpoint('TRUNCATE');
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
      `CREATE TABLE IF NOT EXISTS ${table} (first INTEGER PRIMARY KEY, count INTEGER NOT NULL, head TEXT NOT NULL, body BLOB NOT NULL)`,
    );
    const made = this.#db.prepare(`INSERT INTO ${table} VALUES (?, ?, ?, ?)`);
    this.#inserts.set(topic, made);
    return made;
  }
}

/** @param {Database.Database} db */
function checkLayout(db) {
  const isNew = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table'").get() === undefined;
  const found = /** @type {{ user_version: number }} */ (db.prepare('PRAGMA user_version').get()).user_version;
  if (isNew || found === layout) return;
  throw new Error(
    `the log file has layout ${found}, this release reads ${layout}: start with the release that wrote it, or with another data directory`,
  );
}

/**
 * @param {Float64Array} numbers
 * @param {number} at
 */
const number = (numbers, at) => numbers[at] ?? 0;

/**
 * @param {Float64Array} numbers
 * @param {number} at
 */
const orNull = (numbers, at) => (Number.isNaN(numbers[at]) ? null : number(numbers, at));
