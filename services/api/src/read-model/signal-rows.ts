import { type AnyEventDefinition, type Event, eventDefinitions, type SignalView } from '@tocsin/core';
import { searchColumnsOf } from '../query/search-columns.ts';
import type { Database, Tables } from './schema.ts';

/** Event types that change what a signal looks like, by type. */
const evolving: ReadonlyMap<string, AnyEventDefinition> = new Map(
  (eventDefinitions as unknown as readonly AnyEventDefinition[])
    .filter((definition) => definition.evolve)
    .map((definition) => [definition.type, definition]),
);

export const changesSignals = (event: Event): boolean => evolving.has(event.type);

/** Applies events to signals in the open transaction: reads the rows they touch, evolves, writes them back in one statement. */
export async function applyToSignals(db: Database, events: readonly Event[]): Promise<void> {
  if (events.length === 0) return;
  const ids = [...new Set(events.map(({ subject }) => subject))];
  const views = await readViews(db, ids);
  const early = new EarlyEvents(await readWaiting(db, ids));
  for (const event of events) {
    const before = views.get(event.subject);
    const after = evolve(before, event);
    if (!after) early.keep(event);
    else views.set(event.subject, before ? after : early.release(event.subject).reduce(evolved, after));
  }
  await early.store(db);
  await writeViews(db, [...views.values()]);
}

const evolve = (view: SignalView | undefined, event: Event): SignalView | undefined =>
  evolving.get(event.type)?.evolve?.(view, event.data as never, event as never);

const evolved = (view: SignalView, event: Event): SignalView => evolve(view, event) ?? view;

/** Events whose signal is not open yet: those in the table, and those of this batch. */
class EarlyEvents {
  readonly #stored: ReadonlyMap<string, readonly Event[]>;
  readonly #fresh = new Map<string, Event[]>();
  readonly #released: string[] = [];

  constructor(stored: ReadonlyMap<string, readonly Event[]>) {
    this.#stored = stored;
  }

  keep(event: Event): void {
    this.#fresh.set(event.subject, [...(this.#fresh.get(event.subject) ?? []), event]);
  }

  /** What came early for a signal that opens now, in order. */
  release(signalId: string): readonly Event[] {
    const released = [...(this.#stored.get(signalId) ?? []), ...(this.#fresh.get(signalId) ?? [])];
    if (this.#stored.has(signalId)) this.#released.push(signalId);
    this.#fresh.delete(signalId);
    return released;
  }

  async store(db: Database): Promise<void> {
    if (this.#released.length > 0) await db.deleteFrom('waiting').where('signal_id', 'in', this.#released).execute();
    const rows = [...this.#fresh.values()]
      .flat()
      .map((event) => ({ signal_id: event.subject, event: JSON.stringify(event) }));
    if (rows.length > 0) await db.insertInto('waiting').values(rows).execute();
  }
}

async function readViews(db: Database, ids: readonly string[]): Promise<Map<string, SignalView>> {
  const rows = await db.selectFrom('signals').select(['id', 'view']).where('id', 'in', ids).execute();
  return new Map(rows.map(({ id, view }) => [id, JSON.parse(view) as SignalView]));
}

async function readWaiting(db: Database, ids: readonly string[]): Promise<ReadonlyMap<string, readonly Event[]>> {
  const rows = await db
    .selectFrom('waiting')
    .select(['signal_id', 'event'])
    .where('signal_id', 'in', ids)
    .orderBy('id')
    .execute();
  const bySignal = new Map<string, Event[]>();
  for (const { signal_id: id, event } of rows)
    bySignal.set(id, [...(bySignal.get(id) ?? []), JSON.parse(event) as Event]);
  return bySignal;
}

async function writeViews(db: Database, views: readonly SignalView[]): Promise<void> {
  for (let at = 0; at < views.length; at += 200) {
    await db
      .insertInto('signals')
      .values(views.slice(at, at + 200).map(rowOf))
      .onConflict((on) =>
        on.column('id').doUpdateSet((row) => ({
          state: row.ref('excluded.state'),
          severity: row.ref('excluded.severity'),
          detections: row.ref('excluded.detections'),
          view: row.ref('excluded.view'),
          search: row.ref('excluded.search'),
          words: row.ref('excluded.words'),
          message_text: row.ref('excluded.message_text'),
          rest_text: row.ref('excluded.rest_text'),
        })),
      )
      .execute();
  }
}

const rowOf = (view: SignalView): Tables['signals'] => ({
  id: view.id,
  org: view.org,
  created_at: String(view.createdAt),
  state: view.triage.state,
  severity: view.severity,
  detections: String(view.count),
  view: JSON.stringify(view),
  ...searchColumnsOf(view),
});
