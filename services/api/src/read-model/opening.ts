import type { Digest, EventLog, ReadModel } from '@tocsin/core';
import type { Dialect } from 'kysely';
import { Kysely, type Logger } from 'kysely';
import { Projector } from '../projector.ts';
import { createTables, type Database, dropTables, type Tables } from './schema.ts';
import { SqlReadModel } from './sql-read-model.ts';

export interface ReadModelOptions {
  readonly log: EventLog;
  readonly digest: Digest;
  /** Opens the store. `fresh`: what is there has failed; a store that belongs to this process alone is then made anew. */
  readonly dialect: (fresh: boolean) => Promise<Dialect>;
  /** Told when the store fails while it is in use: the next use opens it again, fresh. */
  readonly onFailure: (error: unknown) => void;
  /**
   * A copy that has read further than the log goes belongs to another log, or the log has lost its end. One that this process
   * owns alone is made anew; one that others share is not touched, and opening fails with what to do. @default 'rebuild'
   */
  readonly whenAhead?: 'rebuild' | 'refuse' | undefined;
  /** How long a reader waits for what is in the log at its call; later it gets what there is. */
  readonly freshWithinMs?: number;
}

interface Used {
  readonly model: ReadModel;
  readonly fresh: boolean;
}

interface Opened {
  readonly model: ReadModel;
  readonly projector: Projector;
  /** Nothing is applied any more: then waiting for it is in vain. */
  readonly ended: Promise<undefined>;
  readonly stop: () => Promise<void>;
}

/** The read model, opened when it is first needed: a stack that only relays never pays for it. */
export class LazyReadModel {
  readonly #options: ReadModelOptions;
  #opened: Promise<Opened> | undefined;
  /** The last store has failed. */
  #failed = false;
  /** Settles when the last store is closed: two must not write to one place. */
  #closed: Promise<unknown> = Promise.resolve();

  constructor(options: ReadModelOptions) {
    this.#options = options;
  }

  /** True once somebody has asked for it. */
  get opened(): boolean {
    return this.#opened !== undefined;
  }

  /** The model with everything that was in the log at the call, or, if that takes too long, what it has so far (`fresh` false). */
  async use(): Promise<Used> {
    // The store that is open may fail while it is waited for; the one that is opened then says why.
    return (await this.#useOpened()) ?? (await this.#useOpened()) ?? Promise.reject(new Error('the read model fails'));
  }

  async #useOpened(): Promise<Used | undefined> {
    this.#opened ??= this.#open();
    const { model, projector, ended } = await this.#opened;
    const fresh = await Promise.race([projector.caughtUp(this.#options.freshWithinMs ?? 2_000), ended]);
    return fresh === undefined ? undefined : { model, fresh };
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    await opened?.stop();
  }

  async #open(): Promise<Opened> {
    await this.#closed;
    const end = new AbortController();
    let db: Database | undefined;
    try {
      db = await this.#store((error) => this.#fail(error, end));
      const model = await this.#modelIn(db);
      const projector = new Projector({ log: this.#options.log, projection: model.projection });
      this.#failed = false;
      const running = this.#run(projector, db, end);
      this.#closed = running;
      const stop = () => {
        end.abort();
        return running;
      };
      const ended = running.then(() => undefined);
      return { model, projector, ended, stop };
    } catch (error) {
      this.#failed = true;
      this.#opened = undefined;
      await db?.destroy();
      throw error;
    }
  }

  async #store(broken: (error: unknown) => void): Promise<Database> {
    const dialect = await this.#options.dialect(this.#failed);
    const log: Logger = (told) => {
      if (told.level === 'error' && isBroken(told.error)) broken(told.error);
    };
    return new Kysely<Tables>({ dialect, log });
  }

  async #modelIn(db: Database): Promise<ReadModel> {
    const { log, digest, whenAhead } = this.#options;
    await createTables(db);
    const model = new SqlReadModel({ db, digest });
    const ahead = await placesAhead(log, model);
    if (ahead.length > 0 && whenAhead === 'refuse') throw new Error(refusal(ahead));
    if (ahead.length > 0) {
      await dropTables(db);
      await createTables(db);
    }
    return model;
  }

  async #run(projector: Projector, db: Database, end: AbortController): Promise<void> {
    await projector.run(end.signal).catch((error: unknown) => this.#fail(error, end));
    await db.destroy();
  }

  /** Once a store. What its queries say while it is being closed means nothing. */
  #fail(error: unknown, end: AbortController): void {
    if (end.signal.aborted) return;
    end.abort();
    this.#failed = true;
    this.#opened = undefined;
    this.#options.onFailure(error);
  }
}

/** SQLSTATE classes of a store that is damaged, dropped or emptied: no other query can be trusted either. */
const isBroken = (error: unknown): boolean =>
  /^(XX|58|3D|42P01)/.test(String(Reflect.get(Object(error), 'code') ?? 'XX'));

/** Where the copy has read further than the log goes. */
async function placesAhead(log: EventLog, { projection }: ReadModel): Promise<readonly string[]> {
  // In this order: another instance may apply in between what came after the ends were taken.
  const stored = await projection.positions();
  const ends = await log.ends(projection.topics);
  return Object.entries(stored).flatMap(([place, next]) => {
    const end = ends[place] ?? 0;
    return next > end ? [`${place}: has read to ${next}, the log ends at ${end}`] : [];
  });
}

const refusal = (ahead: readonly string[]): string =>
  `the read model has read further than this log goes (${ahead.join('; ')}): it belongs to another log, or the log has lost its end. Give the address of its own log, or drop the read model's database, so that it is made again from this one`;
