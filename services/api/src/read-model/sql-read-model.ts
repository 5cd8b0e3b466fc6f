import type {
  AggregateGroup,
  AggregateRequest,
  AuditRow,
  Digest,
  Facet,
  FacetRequest,
  Json,
  Page,
  Positions,
  Projection,
  ReadModel,
  SignalFilter,
  SignalSort,
  SignalView,
} from '@tocsin/core';
import { sql } from 'kysely';
import { aggregated } from './aggregated.ts';
import { readCursor, cursorOf } from './cursor.ts';
import { facetsOf } from './facets.ts';
import { matched } from './matched.ts';
import type { Database } from './schema.ts';
import { listCursor, listOrder, readListCursor } from './sort-key.ts';
import { SqlProjection } from './sql-projection.ts';

interface PageRequest {
  readonly limit: number;
  readonly cursor?: string;
  readonly order: 'newest' | 'oldest';
}

interface ListRequest {
  readonly limit: number;
  readonly cursor?: string;
  readonly sort: SignalSort;
}

/** The read model in SQL that PostgreSQL and PGlite both speak. */
export class SqlReadModel implements ReadModel {
  readonly projection: Projection;
  readonly #db: Database;

  constructor({ db, digest }: { readonly db: Database; readonly digest: Digest }) {
    this.#db = db;
    this.projection = new SqlProjection({ db, digest });
  }

  async get(org: string, id: string): Promise<SignalView | undefined> {
    const row = await this.#db
      .selectFrom('signals')
      .select('view')
      .where('id', '=', id)
      .where('org', '=', org)
      .executeTakeFirst();
    return row && (JSON.parse(row.view) as SignalView);
  }

  async list(filter: SignalFilter, { limit, cursor, sort }: ListRequest): Promise<Page<SignalView>> {
    const order = listOrder(sort);
    const place = cursor === undefined ? undefined : readListCursor(sort, cursor);
    const rows = await this.#db
      .selectFrom('signals')
      .select(['id', 'view', order.value.as('value')])
      .where(matched(filter))
      .$if(place !== undefined, (query) => query.where(order.after(place ?? { value: null, id: '' })))
      .orderBy(order.orderBy)
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map(({ view }) => JSON.parse(view) as SignalView);
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { items, ...(last && { next: listCursor(sort, last) }) };
  }

  facets(filter: SignalFilter, request: FacetRequest): Promise<readonly Facet[]> {
    return facetsOf(this.#db, filter, request);
  }

  aggregate(filter: SignalFilter, request: AggregateRequest): Promise<readonly AggregateGroup[]> {
    return aggregated(this.#db, filter, request);
  }

  async audit(filter: { readonly org: string; readonly subject?: string }, page: PageRequest): Promise<Page<AuditRow>> {
    const { limit, cursor, order } = page;
    const direction = order === 'newest' ? 'desc' : 'asc';
    const from = readCursor(cursor);
    const compare = sql.raw(order === 'newest' ? '<' : '>');
    const { subject } = filter;
    const rows = await this.#db
      .selectFrom('audit')
      .select(['stream', 'seq', 'hash', 'record'])
      .where('org', '=', filter.org)
      .$if(subject !== undefined, (query) => query.where('subject', '=', subject ?? ''))
      .$if(from !== undefined, (query) =>
        query.where(sql<boolean>`(seq, stream) ${compare} (${from?.[0] ?? ''}::bigint, ${from?.[1] ?? ''})`),
      )
      .orderBy('seq', direction)
      .orderBy('stream', direction)
      .limit(limit + 1)
      .execute();
    const items = rows.slice(0, limit).map(({ stream, seq, hash, record }) => ({
      stream,
      seq: Number(seq),
      hash,
      record: JSON.parse(record) as Json,
    }));
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return { items, ...(last && { next: cursorOf([String(last.seq), last.stream]) }) };
  }

  async totals(org: string): Promise<{ readonly signals: number; readonly detections: number }> {
    const row = await this.#db
      .selectFrom('signals')
      .select((query) => [query.fn.countAll().as('signals'), query.fn.sum('detections').as('detections')])
      .where('org', '=', org)
      .executeTakeFirst();
    return { signals: Number(row?.signals ?? 0), detections: Number(row?.detections ?? 0) };
  }

  positions(): Promise<Positions> {
    return this.projection.positions();
  }
}
