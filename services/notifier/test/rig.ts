import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  configKinds,
  type ConfigKind,
  type DeliveryAttempted,
  type DeliveryRequested,
  type Draft,
  jsonCodec,
  type Processor,
  type Recorded,
  signalOpened,
  type SignalSnapshot,
  type TopicName,
} from '@tocsin/core';
import { EmbeddedLog, MemoryJobQueue } from '@tocsin/embedded';
import { GuardedHttp, nodeDigest } from '@tocsin/runtime';
import { sinkOf, sinks } from '@tocsin/sinks';
import type { DeliveryJob, DeliveryWorkerParts } from '../src/delivery-worker.ts';
import { DeliveryWorker } from '../src/delivery-worker.ts';
import { notifierProcessor } from '../src/notifier-processor.ts';
import { snapshot } from './scenario.ts';

/** Writes into single-writer topics what a test asks for; the log takes care of the rest. */
const source: Processor<never> = {
  id: 'test-source',
  inputs: [{ topic: 'grouped-detections', onBad: 'stop' }],
  outputs: ['signals', 'config', 'triage-events'],
  state: jsonCodec(1),
  keys: () => [],
  step: (_, { value }) => ({ puts: new Map(), out: [value as Draft] }),
};

/** A real log in a file, the notifier on it, and workers that come and go. Time can be moved ahead, never back. */
export class Rig {
  readonly log: EmbeddedLog;
  readonly http = new GuardedHttp({ allow: ['127.0.0.0/8'] });
  readonly printed: string[] = [];
  readonly #folder: string;
  readonly #time: { ahead: number };
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[] = [];
  readonly #workers: { readonly stop: AbortController; readonly ended: Promise<void> }[] = [];
  readonly reports: DeliveryAttempted[] = [];
  readonly #waiting = new Set<() => void>();

  private constructor(folder: string) {
    this.#folder = folder;
    const time = { ahead: 0 };
    this.#time = time;
    this.log = new EmbeddedLog({ path: join(folder, 'log.db'), clock: () => Date.now() + time.ahead });
    const notifier = notifierProcessor({
      linkBase: 'http://tocsin.test',
      sinkTypes: (type) => sinkOf(type) ?? { followUps: [] },
    });
    this.#running.push(
      this.log.run([source, notifier] as unknown as Parameters<EmbeddedLog['run']>[0], this.#stop.signal),
      this.#collect(),
    );
  }

  static async start(): Promise<Rig> {
    return new Rig(await mkdtemp(join(tmpdir(), 'tocsin-notifier-')));
  }

  readonly clock = { now: () => Date.now() + this.#time.ahead };

  /** Time passes for the log and the workers. */
  async ahead(ms: number): Promise<void> {
    this.#time.ahead += ms;
    await this.log.idle();
  }

  worker(about: Partial<DeliveryWorkerParts> = {}): DeliveryWorker {
    const worker = new DeliveryWorker({
      log: this.log,
      queue: new MemoryJobQueue<DeliveryJob>({ clock: this.clock.now }),
      sinks,
      http: this.http,
      wires: { print: (line) => this.printed.push(line) },
      digest: nodeDigest,
      clock: this.clock,
      ...about,
    });
    const stop = new AbortController();
    this.#workers.push({ stop, ended: worker.run(stop.signal) });
    return worker;
  }

  async stopWorkers(): Promise<void> {
    for (const { stop } of this.#workers) stop.abort();
    await Promise.all(this.#workers.splice(0).map(({ ended }) => ended));
  }

  async end(): Promise<void> {
    await this.stopWorkers();
    this.#stop.abort();
    await Promise.all(this.#running);
    await this.log.close();
    await this.http.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  async configure<K extends ConfigKind>(kind: K, given: unknown): Promise<void> {
    const value = configKinds[kind].shape.parse(given);
    const id = configKinds[kind].idOf(value);
    const data = { kind, id, name: id, version: 1, value, previous: null };
    await this.#write('config', id, { type: 'config.created', subject: id, data });
  }

  async open(id: string, given: Partial<SignalSnapshot> = {}): Promise<void> {
    const at = this.clock.now();
    const data = snapshot({ id, createdAt: at, firstSeen: at, lastSeen: at, ...given });
    await this.#write('signals', id, signalOpened.make({ id: `${id}.1`, org: 'main', subject: id, at, data }));
  }

  /** Resolves when the reports so far satisfy the condition. */
  async until(condition: (reports: readonly DeliveryAttempted[]) => boolean): Promise<void> {
    if (condition(this.reports)) return;
    await new Promise<void>((resolve) => {
      const look = () => {
        if (!condition(this.reports)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  /** All records of a topic that are there now. */
  async all(topic: TopicName): Promise<readonly Recorded[]> {
    const found: Recorded[] = [];
    const signal = new AbortController().signal;
    for await (const batch of this.log.read({ topics: [topic], from: 'start', follow: false, signal }))
      found.push(...batch);
    return found;
  }

  /** The newest instruction of each delivery. */
  async asked(): Promise<readonly DeliveryRequested['data'][]> {
    const newest = new Map<string, DeliveryRequested['data']>();
    for (const { value } of await this.all('deliveries')) {
      const event = value as DeliveryRequested;
      if (event.type === 'delivery.requested') newest.set(event.data.deliveryId, event.data);
    }
    return [...newest.values()];
  }

  async #collect(): Promise<void> {
    const { signal } = this.#stop;
    for await (const batch of this.log.read({ topics: ['attempts'], from: 'start', follow: true, signal })) {
      this.reports.push(...batch.map(({ value }) => value as DeliveryAttempted));
      for (const look of this.#waiting) look();
    }
  }

  async #write(topic: TopicName, key: string, value: unknown): Promise<void> {
    await this.log.append([{ topic: 'grouped-detections', key, shard: 0, value: { topic, key, value } }]);
  }
}
