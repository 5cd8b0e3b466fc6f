import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { openPostgres } from '@tocsin/cluster';
import { type History, historyOf } from '@tocsin/conformance';
import { type AnyProcessor, jsonCodec, type Recorded, type SignalView, type TopicName } from '@tocsin/core';
import { EmbeddedLog } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import { Kysely, sql } from 'kysely';
import { afterAll, afterEach, expect, it } from 'vitest';
import { Missing, type StartedPostgres, startPostgres } from '../../../../infra/native/index.ts';
import { LazyReadModel } from './opening.ts';
import type { Tables } from './schema.ts';

// These end the server and drop its databases, so it is always one of their own.
const postgres = await startPostgres().catch(skipped);
afterAll(() => postgres?.stop());

function skipped(error: unknown): undefined {
  if (!(error instanceof Missing) || process.env.TOCSIN_CLUSTER === 'required') throw error;
  console.warn(`SKIPPED: faults of the read model need PostgreSQL. ${error.message}`);
}

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

interface Moved {
  readonly topic: TopicName;
  readonly key: string;
  readonly value: unknown;
}

/** Puts into single-writer topics what a test appends. */
const copier: AnyProcessor = {
  id: 'copier',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals', 'triage-events', 'audit'],
  state: jsonCodec(1),
  keys: () => [],
  step: (_, record) => ({ puts: new Map(), out: [record.value as Moved] }),
};

/** A log that histories can be written to. */
class Written {
  readonly log: EmbeddedLog;
  readonly #end = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-faults-'));
    this.log = new EmbeddedLog({ path: join(folder, 'log.db') });
    this.#running = this.log.run([copier], this.#end.signal);
    closing.push(async () => {
      this.#end.abort();
      await this.#running;
      await this.log.close();
      rmSync(folder, { recursive: true, force: true });
    });
  }

  /** Resolves when readers see it. */
  async write({ records }: History): Promise<void> {
    const audits = records.filter(({ topic }) => topic === 'audit').length;
    const before = await this.#audited();
    const appends = records.map(({ topic, key, value }: Recorded) => ({ key, value: { topic, key, value } }));
    await this.log.append(appends.map((one) => ({ ...one, topic: 'grouped-detections' as const, shard: 0 })));
    while ((await this.#audited()) < before + audits) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  async #audited(): Promise<number> {
    return Object.values(await this.log.ends(['audit'])).reduce((sum, end) => sum + end, 0);
  }
}

/** An instance of the api, as far as it reads. */
function instance(written: Written, url: string) {
  const failures: unknown[] = [];
  const readModel = new LazyReadModel({
    log: written.log,
    digest: nodeDigest,
    dialect: () => openPostgres({ url, onTrouble: (line) => failures.push(line) }),
    onFailure: (error) => failures.push(error),
    whenAhead: 'refuse',
    freshWithinMs: 20_000,
  });
  closing.push(() => readModel.close());
  const views = async (): Promise<readonly SignalView[]> => {
    const { model, fresh } = await readModel.use();
    expect(fresh).toBe(true);
    return (await model.list({ org: 'main' }, { limit: 1_000, sort: { field: 'timestamp', descending: true } })).items;
  };
  return { views, failures };
}

const sorted = (views: readonly SignalView[]): readonly SignalView[] =>
  [...views].sort((a, b) => b.createdAt - a.createdAt || (a.id < b.id ? 1 : -1));

/** Asks until it is answered: whoever comes again gets an answer. */
async function again<T>(ask: () => Promise<T>): Promise<T> {
  for (;;)
    try {
      return await ask();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
}

/** A database of the server that nobody has made yet. */
const databaseOf = ({ url }: StartedPostgres, name: string): string => url.replace(/postgres$/, name);

const cases: Readonly<Record<string, (server: StartedPostgres) => Promise<void>>> = {
  'two instances that open a database which is not there make it once and show the same': async (server) => {
    const written = new Written();
    const history = historyOf({ seed: 31, signals: 40, partitions: 1 });
    await written.write(history);
    const url = databaseOf(server, 'both');
    const [first, second] = [instance(written, url), instance(written, url)];
    const shown = await Promise.all([first.views(), second.views()]);
    for (const views of shown) expect(views).toEqual(sorted(history.views));
    const more = historyOf({ seed: 32, signals: 40, partitions: 1, from: 100 });
    await written.write(more);
    for (const { views } of [first, second]) expect(await views()).toEqual(sorted([...history.views, ...more.views]));
    expect([...first.failures, ...second.failures]).toEqual([]);
  },

  'PostgreSQL ends and is started again: readers hear one line, then see everything': async (server) => {
    const written = new Written();
    const history = historyOf({ seed: 33, signals: 30, partitions: 1 });
    await written.write(history);
    const { views, failures } = instance(written, databaseOf(server, 'killed'));
    await views();
    await server.server.signal('SIGKILL');
    await expect(views()).rejects.toThrow(/^PostgreSQL at postgres:\/\/127.0.0.1:\d+\/killed: .*; /);
    const more = historyOf({ seed: 34, signals: 30, partitions: 1, from: 100 });
    await written.write(more);
    await expect(views()).rejects.toThrow(/^PostgreSQL at /);
    await server.server.startAgain();
    expect(await again(views)).toEqual(sorted([...history.views, ...more.views]));
    for (const failure of failures) expect(String(failure)).not.toContain('\n');
  },

  'a database that is dropped while it is used is made again and rebuilt': async (server) => {
    const written = new Written();
    const history = historyOf({ seed: 35, signals: 30, partitions: 1 });
    await written.write(history);
    const url = databaseOf(server, 'dropped');
    const { views } = instance(written, url);
    expect(await views()).toEqual(sorted(history.views));
    await asAdministrator(server, 'DROP DATABASE dropped WITH (FORCE)');
    expect(await again(views)).toEqual(sorted(history.views));
  },

  'tables that are gone are made again and filled': async (server) => {
    const written = new Written();
    const history = historyOf({ seed: 36, signals: 30, partitions: 1 });
    await written.write(history);
    const emptied = { ...server, url: databaseOf(server, 'emptied') };
    const { views } = instance(written, emptied.url);
    await views();
    await asAdministrator(emptied, 'DROP TABLE signals, waiting, audit, positions, meta');
    expect(await again(views)).toEqual(sorted(history.views));
  },

  'a shared copy that has read another log is left alone, and what to do is said': async (server) => {
    const written = new Written();
    const history = historyOf({ seed: 39, signals: 10, partitions: 1 });
    await written.write(history);
    const url = databaseOf(server, 'shared');
    const { views } = instance(written, url);
    await views();
    const other = instance(new Written(), url);
    await expect(other.views()).rejects.toThrow(
      /audit\/0: has read to \d+, the log ends at 0.*drop the read model's database/,
    );
    expect(await views()).toEqual(sorted(history.views));
  },

  'a projector that dies inside its transaction leaves nothing behind, and the next goes on': async (server) => {
    const written = new Written();
    const history = historyOf({ seed: 37, signals: 30, partitions: 1 });
    await written.write(history);
    const url = databaseOf(server, 'cut');
    const { views } = instance(written, url);
    await views();
    const more = historyOf({ seed: 38, signals: 30, partitions: 1, from: 100 });
    await asAdministrator({ ...server, url }, 'LOCK TABLE signals IN ACCESS EXCLUSIVE MODE', async (other) => {
      // The projector is inside its transaction when its connection is cut.
      await written.write(more);
      const waiting = sql<{ pid: number }>`SELECT pid FROM pg_locks WHERE NOT granted`;
      for (;;) {
        const { rows } = await waiting.execute(other);
        if (rows.length > 0) break;
      }
      await sql`SELECT pg_terminate_backend(pid) FROM pg_locks WHERE NOT granted`.execute(other);
    });
    expect(await again(views)).toEqual(sorted([...history.views, ...more.views]));
  },
};

async function asAdministrator(
  { url }: { readonly url: string },
  statement: string,
  meanwhile?: (db: Kysely<Tables>) => Promise<void>,
): Promise<void> {
  const db = new Kysely<Tables>({ dialect: await openPostgres({ url }) });
  try {
    if (meanwhile)
      await db.transaction().execute(async (own) => {
        await sql.raw(statement).execute(own);
        await meanwhile(own);
      });
    else await sql.raw(statement).execute(db);
  } finally {
    await db.destroy();
  }
}

for (const [name, check] of Object.entries(cases)) {
  if (postgres) it(name, () => check(postgres));
  else it.skip(`${name} (no PostgreSQL here)`);
}
