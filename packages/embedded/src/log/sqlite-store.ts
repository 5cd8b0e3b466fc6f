import type { TopicName } from '@tocsin/core';
import Database from 'libsql';
import { type LogWriter, SameThreadWriter, WriterThread } from './log-writer.ts';
import { type Placed, placedIn, type Segment } from './segment.ts';
import { SqliteWriter, tableOf } from './sqlite-writer.js';

/** Segments read at a time. */
const rowsAtOnce = 32;

/**
 * The reading half of the SQLite file: one table a topic, one for processor state, one for positions. Sees what is committed.
 * The writing half has a thread of its own.
 */
export class SqliteStore {
  readonly writer: LogWriter;
  readonly #db: Database.Database;
  readonly #from = new Map<TopicName, Database.Statement>();
  readonly #state: Database.Statement;
  readonly #states: Database.Statement;
  readonly #stateKeys: Database.Statement;
  readonly #wakes: Database.Statement;
  readonly #note: Database.Statement;

  /** `:memory:` keeps nothing: for tests. */
  constructor(path: string) {
    this.#db = new Database(path);
    // Also makes the tables, before another thread opens the file.
    const writer = new SqliteWriter(this.#db);
    this.writer = path === ':memory:' ? new SameThreadWriter(writer) : new WriterThread(path);
    this.#state = this.#db.prepare('SELECT version, value FROM state WHERE processor = ? AND key = ?');
    this.#states = this.#db.prepare('SELECT key, version, value FROM state WHERE processor = ? ORDER BY key');
    this.#stateKeys = this.#db.prepare('SELECT key FROM state WHERE processor = ? AND key > ? ORDER BY key LIMIT ?');
    this.#wakes = this.#db.prepare(
      'SELECT key, wake_at AS at FROM state WHERE processor = ? AND wake_at >= ? ORDER BY wake_at, key LIMIT ?',
    );
    this.#note = this.#db.prepare('SELECT value FROM note WHERE name = ?');
  }

  state(processor: string, key: string): { readonly version: number; readonly value: string } | undefined {
    return this.#state.get(processor, key) as { version: number; value: string } | undefined;
  }

  /** Every entry of a processor, in the order of keys. */
  states(processor: string): readonly { readonly key: string; readonly version: number; readonly value: string }[] {
    return this.#states.all(processor) as { key: string; version: number; value: string }[];
  }

  /** The next keys of a processor behind `after`, in order. */
  stateKeys(processor: string, after: string, limit: number): readonly string[] {
    return (this.#stateKeys.all(processor, after, limit) as { key: string }[]).map(({ key }) => key);
  }

  /** The next wakes at or after `from`, earliest first, then by key. */
  wakes(processor: string, from: number, limit: number): readonly { readonly at: number; readonly key: string }[] {
    return this.#wakes.all(processor, from, limit) as { at: number; key: string }[];
  }

  note(name: string): string | undefined {
    return (this.#note.get(name) as { value: string } | undefined)?.value;
  }

  /** Up to `limit` records of a topic that has some, from an offset on. */
  records(topic: TopicName, from: number, limit: number): readonly Placed[] {
    const placed: Placed[] = [];
    for (let next = from; placed.length < limit; ) {
      const rows = this.#reading(topic).all(next, Math.min(rowsAtOnce, limit)) as Omit<Segment, 'topic'>[];
      for (const row of rows) placed.push(...placedIn({ topic, ...row }, next, limit - placed.length));
      const last = rows.at(-1);
      if (!last || last.first + last.count === next) break;
      next = last.first + last.count;
    }
    return placed;
  }

  /** The last record of every topic that has one. */
  lasts(): readonly Placed[] {
    const tables = this.#db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'topic:%'")
      .all() as { name: string }[];
    return tables.flatMap(({ name }) => {
      const topic = name.slice('topic:'.length) as TopicName;
      const sql = `SELECT * FROM "${name}" ORDER BY first DESC LIMIT 1`;
      const row = this.#db.prepare(sql).get() as Omit<Segment, 'topic'> | undefined;
      return row ? placedIn({ topic, ...row }, row.first + row.count - 1, 1) : [];
    });
  }

  async close(): Promise<void> {
    await this.writer.close();
    if (this.#db.open) this.#db.close();
  }

  #reading(topic: TopicName): Database.Statement {
    const known = this.#from.get(topic);
    if (known) return known;
    const table = tableOf(topic);
    const made = this.#db.prepare(
      `SELECT * FROM ${table} WHERE first >= (SELECT max(first) FROM ${table} WHERE first <= ?) ORDER BY first LIMIT ?`,
    );
    this.#from.set(topic, made);
    return made;
  }
}
