import { type Recorded, type TopicName, topicShape } from '@tocsin/core';
import Database from 'libsql';
import { type LogWriter, SameThreadWriter, WriterThread } from './log-writer.ts';
import { SqliteWriter, tableOf } from './sqlite-writer.js';

/** A record with its place in the one order that everything on this machine has. */
export interface Placed {
  readonly gid: number;
  readonly record: Recorded;
  /** The value as it is stored. */
  readonly text: string;
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

  /** The next wakes at or after `from`, earliest first, then by key. */
  wakes(processor: string, from: number, limit: number): readonly { readonly at: number; readonly key: string }[] {
    return this.#wakes.all(processor, from, limit) as { at: number; key: string }[];
  }

  note(name: string): string | undefined {
    return (this.#note.get(name) as { value: string } | undefined)?.value;
  }

  /** Up to `limit` records of a topic that has some, from an offset on. */
  records(topic: TopicName, from: number, limit: number): readonly Placed[] {
    const rows = this.#reading(topic).all(from, limit) as Row[];
    return rows.map((row) => placedOf(topic, row));
  }

  /** The last record of every topic that has one. */
  lasts(): readonly Placed[] {
    const tables = this.#db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'topic:%'")
      .all() as { name: string }[];
    return tables.flatMap(({ name }) => {
      const row = this.#db.prepare(`SELECT * FROM "${name}" ORDER BY "offset" DESC LIMIT 1`).get() as Row | undefined;
      return row ? [placedOf(name.slice('topic:'.length) as TopicName, row)] : [];
    });
  }

  async close(): Promise<void> {
    await this.writer.close();
    if (this.#db.open) this.#db.close();
  }

  #reading(topic: TopicName): Database.Statement {
    const known = this.#from.get(topic);
    if (known) return known;
    const made = this.#db.prepare(`SELECT * FROM ${tableOf(topic)} WHERE "offset" >= ? ORDER BY "offset" LIMIT ?`);
    this.#from.set(topic, made);
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
