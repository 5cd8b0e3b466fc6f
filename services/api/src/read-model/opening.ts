import type { Digest, EventLog, ReadModel } from '@tocsin/core';
import type { Dialect } from 'kysely';
import { Kysely } from 'kysely';
import { Projector } from '../projector.ts';
import { createTables, dropTables, type Tables } from './schema.ts';
import { SqlReadModel } from './sql-read-model.ts';

export interface ReadModelOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  /** Opens the store; on embedded it deletes a copy that will not open. */
  readonly dialect: () => Promise<Dialect>;
  /** Told when the projection fails while running: the next use opens it again. */
  readonly onFailure: (error: unknown) => void;
  /** How long a reader waits for what is in the log at its call; later it gets what there is. */
  readonly freshWithinMs?: number;
}

interface Opened {
  readonly model: ReadModel;
  readonly projector: Projector;
  readonly stop: () => Promise<void>;
}

/** The read model, opened when it is first needed: a stack that only relays never pays for it. */
export class LazyReadModel {
  readonly #options: ReadModelOptions;
  #opened: Promise<Opened> | undefined;

  constructor(options: ReadModelOptions) {
    this.#options = options;
  }

  /** True once somebody has asked for it. */
  get opened(): boolean {
    return this.#opened !== undefined;
  }

  /** The model with everything that was in the log at the call, or, if that takes too long, what it has so far (`fresh` false). */
  async use(): Promise<{ readonly model: ReadModel; readonly fresh: boolean }> {
    this.#opened ??= this.#open();
    const { model, projector } = await this.#opened;
    return { model, fresh: await projector.caughtUp(this.#options.freshWithinMs ?? 2_000) };
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.stop();
  }

  async #open(): Promise<Opened> {
    const { log, digest, dialect, onFailure } = this.#options;
    try {
      const db = new Kysely<Tables>({ dialect: await dialect() });
      await createTables(db);
      const model = new SqlReadModel({ db, digest });
      if (await isAhead(log, model)) {
        await dropTables(db);
        await createTables(db);
      }
      const projector = new Projector({ log, projection: model.projection });
      const end = new AbortController();
      const running = projector.run(end.signal).catch(async (error: unknown) => {
        this.#opened = undefined;
        await db.destroy();
        onFailure(error);
      });
      const stop = async () => {
        end.abort();
        await running;
        await db.destroy();
      };
      return { model, projector, stop };
    } catch (error) {
      this.#opened = undefined;
      throw error;
    }
  }
}

/** A copy that has read further than the log goes belongs to another log. It holds no truth, so it is made anew. */
async function isAhead(log: EventLog, { projection }: ReadModel): Promise<boolean> {
  const [stored, ends] = await Promise.all([projection.positions(), log.ends(projection.topics)]);
  return Object.entries(stored).some(([place, next]) => next > (ends[place] ?? 0));
}
