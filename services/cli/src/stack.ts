import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import process from 'node:process';
import { ApiServer, LazyReadModel, unready } from '@tocsin/api';
import { type AuditService, auditService, processorDeadLetters } from '@tocsin/audit';
import { applyRulesFile, controlProcessor } from '@tocsin/control';
import { type AnyProcessor, CommandKeys, exportLog, SignalIds } from '@tocsin/core';
import { DataDirectory, EmbeddedLog, MemoryJobQueue, openPglite } from '@tocsin/embedded';
import { ingestService } from '@tocsin/ingest';
import { type DeliveryJob, DeliveryWorker, notifierProcessor } from '@tocsin/notifier';
import {
  adminToken,
  commandSecrets,
  GuardedHttp,
  type Health,
  inBackground,
  installationSecret,
  type Lifecycle,
  type Logger,
  Metrics,
  nodeDigest,
  type Runnable,
  recordStart,
  secretsEqual,
} from '@tocsin/runtime';
import { checkSinkConfig, sinkOf, sinks } from '@tocsin/sinks';
import { triageProcessor } from '@tocsin/triage';
import { urlFile } from './connection.ts';
import { freePort } from './free-port.ts';
import { ledgerOf } from './ledger-of.ts';
import { StackMetrics } from './stack-metrics.ts';
import { verifiedLog } from './verified-log.ts';
import { version } from './version.ts';

export interface StackOptions {
  /** Data directory; made when it is not there. */
  readonly data: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Path of the rules file. */
  readonly rules?: string | undefined;
  /** CIDRs that sinks may reach although they are not public. */
  readonly egressAllow: readonly string[];
  /** At the latest so long after an audit record, a checkpoint attests it; 60 s unless given. */
  readonly checkpointEveryMs?: number;
}

export interface Stack {
  readonly url: string;
  readonly token: string;
  readonly data: string;
}

/** Every service in one process on the embedded log. Steps are started here in order and stopped in the opposite one. */
export class EmbeddedStack {
  readonly #options: StackOptions;
  readonly #lifecycle: Lifecycle;
  readonly #logger: Logger;
  readonly #health: Health;
  readonly #metrics = new StackMetrics(new Metrics({ service: 'tocsin', processMetrics: true }));
  readonly #startedAt = Date.now();
  #port: number;

  constructor(about: {
    readonly options: StackOptions;
    readonly lifecycle: Lifecycle;
    readonly logger: Logger;
    readonly health: Health;
  }) {
    this.#options = about.options;
    this.#port = about.options.port;
    this.#lifecycle = about.lifecycle;
    this.#logger = about.logger;
    this.#health = about.health;
  }

  async start(): Promise<Stack> {
    const directory = await this.#step(
      'data directory',
      () => DataDirectory.open(this.#options.data),
      (opened) => opened.close(),
    );
    if (this.#port === 0) this.#port = await freePort(this.#options.host);
    const secret = await installationSecret(directory.path);
    const commands = new CommandKeys({ digest: nodeDigest, secrets: await commandSecrets(directory.path) });
    const token = await adminToken(directory.path);
    const log = await this.#step(
      'event log',
      () => new EmbeddedLog({ path: directory.logFile() }),
      (opened) => opened.close(),
    );
    await this.#background('log writer', (signal) => log.watch(signal));
    const audit = await auditService(
      { log, digest: nodeDigest },
      {
        dataDirectory: directory.path,
        deadLetters: processorDeadLetters,
        checkpointEveryMs: this.#options.checkpointEveryMs,
      },
    );
    await this.#effects(audit);
    const processors = await this.#processors(log, { secret, commands, audit });
    await this.#rules(log, commands);
    const queue = await this.#deliveries(log);
    const readModel = await this.#readModel(log, directory);
    const api = new ApiServer({
      log,
      digest: nodeDigest,
      signer: commands,
      readModel,
      accepts: (candidate) => secretsEqual(candidate, token),
      health: {
        live: () => this.#health.liveness().reasons[0],
        ready: () => Promise.resolve(unready(this.#health)),
      },
      metrics: () => this.#metrics.exposition(),
      onTaken: (format, counts) => this.#metrics.taken(format, counts),
      onError: (err, requestId) => this.#logger.error({ err, request_id: requestId }, 'a request failed'),
      status: {
        version,
        startedAt: this.#startedAt,
        ledger: () => Promise.resolve(ledgerOf(log, processors)),
        queue: () => queue.counts(),
      },
      audit: {
        publicKeys: () => readFile(directory.file('audit.pub'), 'utf8'),
        exportLines: () => exportLog(log, { digest: nodeDigest, signal: this.#lifecycle.stopping }),
        verify: () => verifiedLog(log, { directory, signal: this.#lifecycle.stopping }),
      },
    });
    await this.#background('command outcomes', () => api.run());
    await recordStart({ log, lifecycle: this.#lifecycle }, { service: 'tocsin', version });
    const { host } = this.#options;
    // Closing also ends the reader of outcomes, so it is done even where the address could not be had.
    await this.#step(
      'http server',
      () => api,
      (made) => made.close(),
    );
    const url = await api.listen({ host, port: this.#port });
    writeFileSync(directory.file(urlFile), `${url}\n`);
    return { url, token, data: directory.path };
  }

  async #processors(
    log: EmbeddedLog,
    about: { readonly secret: Uint8Array; readonly commands: CommandKeys; readonly audit: AuditService },
  ): Promise<readonly AnyProcessor[]> {
    const { secret, commands, audit } = about;
    const list: readonly AnyProcessor[] = [
      controlProcessor({ commands }) as AnyProcessor,
      ...ingestService({ digest: nodeDigest }, { secret }),
      triageProcessor({
        signalIds: new SignalIds({ digest: nodeDigest, secret }),
        commands,
        partitions: log.partitions,
      }) as AnyProcessor,
      notifierProcessor({ linkBase: this.#linkBase(), sinkTypes: sinkOf }) as AnyProcessor,
      ...audit.processors,
    ];
    await this.#background('processors', (signal) => log.run(list, signal));
    return list;
  }

  async #effects(audit: AuditService): Promise<void> {
    for (const effect of audit.effects) await this.#background(effect.name, (signal) => effect.run(signal));
  }

  async #rules(log: EmbeddedLog, signer: CommandKeys): Promise<void> {
    const { rules } = this.#options;
    if (rules === undefined) return;
    const applied = await applyRulesFile({ log, signer, path: resolve(rules), checkSinkConfig });
    this.#logger.info({ rules, ...applied }, 'rules file loaded');
  }

  async #deliveries(log: EmbeddedLog): Promise<MemoryJobQueue<DeliveryJob>> {
    const { rules, egressAllow } = this.#options;
    const queue = new MemoryJobQueue<DeliveryJob>();
    const http = await this.#step(
      'http client',
      () => new GuardedHttp({ allow: egressAllow }),
      (client) => client.close(),
    );
    const worker = new DeliveryWorker({
      log,
      queue,
      sinks,
      http,
      wires: { print: (line) => process.stdout.write(`${line}\n`) },
      digest: nodeDigest,
      ...(rules !== undefined && { secretSources: { folder: dirname(resolve(rules)) } }),
      observer: this.#metrics.deliveries(this.#logger),
    });
    await this.#background(worker.name, (signal) => worker.run(signal));
    return queue;
  }

  #readModel(log: EmbeddedLog, directory: DataDirectory): Promise<LazyReadModel> {
    const onDiscarded = (err: unknown) =>
      this.#logger.warn({ err }, 'the read model did not open: it is rebuilt from the log');
    const copy = { directory: directory.file('read-model'), onDiscarded };
    const start = () =>
      new LazyReadModel({
        log,
        digest: nodeDigest,
        dialect: (fresh) => openPglite({ ...copy, fresh }),
        onFailure: (err) => this.#logger.error({ err }, 'the read model failed: the next use rebuilds it from the log'),
      });
    return this.#step('read model', start, (opened) => opened.close());
  }

  #background(name: string, run: Runnable['run']): Promise<void> {
    return inBackground({ lifecycle: this.#lifecycle, health: this.#health, logger: this.#logger }, { name, run });
  }

  #step<T>(name: string, start: () => T | Promise<T>, stop: (started: T) => void | Promise<void>): Promise<T> {
    return this.#lifecycle.step({ name, start, stop });
  }

  #linkBase(): string {
    const { host } = this.#options;
    return `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}`;
  }
}
