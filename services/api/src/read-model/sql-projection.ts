import {
  type AuditRecord,
  type Digest,
  type Event,
  type Positions,
  type Projection,
  positionKey,
  type Recorded,
  type TopicName,
} from '@tocsin/core';
import { sql } from 'kysely';
import type { Database } from './schema.ts';
import { applyToSignals, changesSignals } from './signal-rows.ts';
import { storable } from './storable.ts';

const signalTopics: readonly TopicName[] = ['signals', 'triage-events'];

/** Signals and the audit trail, from the log, with the positions in the same transaction. */
export class SqlProjection implements Projection {
  readonly id = 'read-model';
  readonly topics: readonly TopicName[] = [...signalTopics, 'audit'];
  readonly #db: Database;
  readonly #digest: Digest;

  constructor({ db, digest }: { readonly db: Database; readonly digest: Digest }) {
    this.#db = db;
    this.#digest = digest;
  }

  positions(): Promise<Positions> {
    return storedPositions(this.#db);
  }

  async apply(records: readonly Recorded[], from: Positions, to: Positions): Promise<'applied' | 'moved'> {
    return this.#db.transaction().execute(async (db) => {
      // One instance at a time compares and sets; readers are not held up.
      await sql`LOCK TABLE positions IN SHARE ROW EXCLUSIVE MODE`.execute(db);
      if (!same(await storedPositions(db), from)) return 'moved';
      const fresh = records.filter(
        ({ topic, partition, offset }) => offset >= (from[positionKey(topic, partition)] ?? 0),
      );
      const events = fresh.filter(({ topic }) => signalTopics.includes(topic)).map(({ value }) => value as Event);
      await applyToSignals(db, events.filter(changesSignals));
      await this.#writeAudit(
        db,
        fresh.filter(({ topic }) => topic === 'audit'),
      );
      const rows = Object.entries(to).map(([place, next]) => ({ place, next: String(next) }));
      if (rows.length > 0)
        await db
          .insertInto('positions')
          .values(rows)
          .onConflict((on) => on.column('place').doUpdateSet((row) => ({ next: row.ref('excluded.next') })))
          .execute();
      return 'applied';
    });
  }

  async #writeAudit(db: Database, records: readonly Recorded[]): Promise<void> {
    for (let at = 0; at < records.length; at += 400) {
      const rows = records.slice(at, at + 400).map(({ value, key }) => {
        const record = String(value);
        const { stream, seq, attributes } = JSON.parse(record) as AuditRecord;
        const org = attributes.attributes.org.uuid;
        return {
          stream,
          seq: String(seq),
          org,
          subject: storable(key),
          hash: this.#digest.sha256(record),
          record,
        };
      });
      if (rows.length > 0)
        await db
          .insertInto('audit')
          .values(rows)
          .onConflict((on) => on.doNothing())
          .execute();
    }
  }
}

async function storedPositions(db: Database): Promise<Positions> {
  const rows = await db.selectFrom('positions').selectAll().execute();
  return Object.fromEntries(rows.map(({ place, next }) => [place, Number(next)]));
}

const same = (a: Positions, b: Positions): boolean => {
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].every((key) => (a[key] ?? 0) === (b[key] ?? 0));
};
