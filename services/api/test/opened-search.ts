import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type History, openedOf, searchedSignal } from '@tocsin/conformance';
import { type AnyProcessor, jsonCodec, type SignalView, type TopicName } from '@tocsin/core';
import { EmbeddedLog, openPglite } from '@tocsin/embedded';
import { nodeDigest } from '@tocsin/runtime';
import fc from 'fast-check';
import Fastify, { type FastifyInstance } from 'fastify';
import { answerErrors, answering } from '../src/answering-errors.ts';
import { LazyReadModel } from '../src/read-model/opening.ts';
import { readBodies } from '../src/request-body.ts';
import { signalRoutes } from '../src/signal-routes.ts';

export const signalsPath = '/api/v2/security_monitoring/signals';

/** Puts into a single-writer topic what is appended to another one. */
const copier: AnyProcessor = {
  id: 'copier',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals'],
  state: jsonCodec(1),
  keys: () => [],
  step: (_, record) => ({
    puts: new Map(),
    out: [record.value as { readonly topic: TopicName; readonly key: string; readonly value: unknown }],
  }),
};

const sampled = (): readonly SignalView[] => {
  const signals = fc.tuple(...Array.from({ length: 40 }, (_, index) => searchedSignal(`s-${index}`)));
  return fc.sample(signals, { numRuns: 1, seed: 11 }).flat();
};

/** The routes that read signals, on a log and a read model of their own that hold 40 signals with all kinds of values. */
export class OpenedSearch {
  readonly app: FastifyInstance = Fastify();
  /** What broke, and no client was told. */
  readonly failures: unknown[] = [];
  readonly #folder = mkdtempSync(join(tmpdir(), 'tocsin-search-'));
  readonly #log = new EmbeddedLog({ path: join(this.#folder, 'log.db') });
  readonly #end = new AbortController();
  readonly #history: History = openedOf(sampled());
  readonly #readModel: LazyReadModel;
  #running: Promise<void> | undefined;

  private constructor() {
    this.#readModel = new LazyReadModel({
      log: this.#log,
      digest: nodeDigest,
      dialect: (fresh) => openPglite({ directory: join(this.#folder, 'read-model'), fresh, onDiscarded: () => {} }),
      onFailure: (error) => this.failures.push(error),
      freshWithinMs: 20_000,
    });
    readBodies(this.app, () => undefined);
    const answer = answering((error) => this.failures.push(error));
    answerErrors(this.app, answer);
    signalRoutes(this.app, this.#readModel);
  }

  /** Resolves when readers see the signals. */
  static async open(): Promise<OpenedSearch> {
    const opened = new OpenedSearch();
    await opened.#write();
    return opened;
  }

  get views(): readonly SignalView[] {
    return this.#history.views;
  }

  async close(): Promise<void> {
    await this.app.close();
    this.#end.abort();
    await this.#running;
    await this.#readModel.close();
    await this.#log.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #write(): Promise<void> {
    this.#running = this.#log.run([copier], this.#end.signal);
    const signals = this.#history.records.filter(({ topic }) => topic === 'signals');
    const appends = signals.map(({ topic, key, value }) => ({ key, value: { topic, key, value } }));
    await this.#log.append(appends.map((one) => ({ ...one, topic: 'grouped-detections' as const, shard: 0 })));
    const written = async () => Object.values(await this.#log.ends(['signals'])).reduce((sum, end) => sum + end, 0);
    while ((await written()) < signals.length) await new Promise((resolve) => setTimeout(resolve, 5));
    // To start a database takes longer than any question to it: no test waits for it.
    await this.app.inject(signalsPath);
  }
}
