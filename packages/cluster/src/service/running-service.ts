import { hostname } from 'node:os';
import type { AnyProcessor } from '@tocsin/core';
import {
  type Health,
  inBackground,
  type Lifecycle,
  type Logger,
  type Metrics,
  OperationsServer,
  Probe,
  recordStart,
  type Runnable,
} from '@tocsin/runtime';
import type { KafkaSettings } from '../kafka/kafka-client.ts';
import { KafkaLog } from '../kafka/kafka-log.ts';
import { ClusterTopics } from './cluster-topics.ts';
import { RegistryCodec } from '../registry/registry-codec.ts';
import { fileOf, kafkaSettingsOf } from './kafka-settings.ts';
import { addressOf } from './secrets.ts';
import type { CommonConfiguration } from './settings.ts';

export interface RunningServiceParts {
  readonly name: string;
  readonly version: string;
  readonly common: CommonConfiguration;
  readonly logger: Logger;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
}

/** One service as a process of its own: what it has started is stopped in the opposite order. */
export class RunningService {
  readonly name: string;
  readonly version: string;
  readonly logger: Logger;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
  readonly startedAt = Date.now();
  readonly #common: CommonConfiguration;
  readonly #told: string[] = [];
  #kafka: KafkaSettings | undefined;
  #log: KafkaLog | undefined;
  #topics: ClusterTopics | undefined;

  constructor({ name, version, common, logger, health, metrics, lifecycle }: RunningServiceParts) {
    this.name = name;
    this.version = version;
    this.logger = logger;
    this.health = health;
    this.metrics = metrics;
    this.lifecycle = lifecycle;
    this.#common = common;
  }

  get log(): KafkaLog {
    if (!this.#log) throw new Error('the service is not open');
    return this.#log;
  }

  /** For readers of the log that need more than the port. */
  get cluster(): { readonly kafka: KafkaSettings; readonly partitions: number; readonly prefix: string } {
    if (!this.#kafka) throw new Error('the service is not open');
    const { kafkaPartitions: partitions, kafkaPrefix: prefix } = this.#common;
    return { kafka: this.#kafka, partitions, prefix };
  }

  /** Serves health and metrics, then waits for Kafka and checks the named topics. The URL of the former. */
  async open(): Promise<string> {
    const { operationsHost: host, operationsPort: port, instance = hostname() } = this.#common;
    this.health.check('start', () => 'still starting');
    const operations = await this.step(
      'operations server',
      () => new OperationsServer(this),
      (server) => server.close(),
    );
    const url = await operations.listen({ host, port });
    this.#kafka = await kafkaSettingsOf(this.#common, instance);
    this.#topics = new ClusterTopics(this.cluster);
    const values = await this.#values();
    this.#log = await this.step(
      'event log',
      () => this.#opened(values),
      (log) => log.close(),
    );
    await this.#ready([]);
    await this.probe('kafka', () => this.log.ends(['config']));
    return url;
  }

  /** All parts run: from now on it is ready when its checks say so. */
  async opened(): Promise<void> {
    await recordStart(this, { service: this.name, version: this.version });
    this.health.check('start', () => undefined);
  }

  /** Runs processors, fused, until the stop. Their topics are checked before. */
  async processors(list: readonly AnyProcessor[]): Promise<void> {
    await this.#ready([list]);
    await this.background({ name: 'processors', run: (signal) => this.log.run(list, signal) });
  }

  /** Runs until the stop. Its failure ends the process. */
  background(runnable: Runnable): Promise<void> {
    return inBackground(this, runnable);
  }

  /** Asks a dependency now and then: `/readyz` says when it is away. */
  async probe(name: string, ask: () => Promise<unknown>): Promise<void> {
    const probe = this.#probe(name, ask);
    this.health.check(name, probe.check);
    await this.background(probe);
  }

  /** The same for one without which the service is still of use: only the log says when it is away. */
  watch(name: string, ask: () => Promise<unknown>): Promise<void> {
    return this.background(this.#probe(name, ask));
  }

  /** Something for the line that says that the service runs. */
  tell(what: string): void {
    this.#told.push(what);
  }

  get told(): readonly string[] {
    return this.#told;
  }

  step<T>(name: string, start: () => T | Promise<T>, stop: (started: T) => void | Promise<void>): Promise<T> {
    return this.lifecycle.step({ name, start, stop });
  }

  #probe(name: string, ask: () => Promise<unknown>): Probe {
    const onChange = (trouble: string | undefined) =>
      trouble === undefined ? this.logger.info(`${name} answers`) : this.logger.warn(`${name}: ${trouble}`);
    return new Probe({ name, ask, onChange });
  }

  /** Avro by the registry, where there is one; it registers our schemas, and waits for one that is away. */
  async #values(): Promise<RegistryCodec | undefined> {
    const { registryUrl, registryCa, kafkaPrefix: prefix } = this.#common;
    if (registryUrl === undefined) return undefined;
    const url = await addressOf('registryUrl', registryUrl);
    const tls = registryCa === undefined ? {} : { tls: { ca: await fileOf('registryCa', registryCa) } };
    const report = (line: string) => this.logger.warn(line);
    return this.lifecycle.step({
      name: 'schema registry',
      start: (signal) => RegistryCodec.open({ url, prefix, report, ...tls }, signal),
      stop: (codec) => codec.close(),
    });
  }

  #opened(values: RegistryCodec | undefined): KafkaLog {
    const { kafkaPartitions: partitions, kafkaPrefix: prefix, kafkaSessionMs: sessionTimeoutMs } = this.#common;
    return new KafkaLog({
      kafka: this.cluster.kafka,
      partitions,
      prefix,
      sessionTimeoutMs,
      heartbeatMs: Math.min(1_000, Math.round(sessionTimeoutMs / 6)),
      report: (line) => this.logger.warn(line),
      ...(values !== undefined && { values }),
    });
  }

  #ready(lists: readonly (readonly AnyProcessor[])[]): Promise<void> {
    const tell = (line: string) => this.logger.warn(line);
    return this.lifecycle.step({
      name: 'topics',
      start: (signal) => this.#topics?.ready(lists, { signal, tell }),
    });
  }
}
