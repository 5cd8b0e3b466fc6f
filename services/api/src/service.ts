import {
  CommandKeys,
  type Digest,
  type EventLog,
  exportLog,
  type JobQueue,
  type JsonObject,
  type Ledger,
  verifyLog,
} from '@tocsin/core';
import { type Health, type Logger, type Metrics, type Runnable, secretsEqual, signaturesOf } from '@tocsin/runtime';
import type { Dialect } from 'kysely';
import { intakeMetrics } from './intake-metrics.ts';
import { LazyReadModel } from './read-model/opening.ts';
import { ApiServer } from './server.ts';

export interface ApiPorts {
  readonly log: EventLog;
  readonly digest: Digest;
  /** Opens the store of the read model; several instances may share it. */
  readonly store: () => Promise<Dialect>;
  readonly queue: Pick<JobQueue<unknown>, 'counts'>;
  /** What the signal builder says became of everything it read. */
  readonly ledger: () => Promise<Ledger>;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly logger: Logger;
}

export interface ApiConfig {
  readonly version: string;
  readonly startedAt: number;
  /** What clients send as bearer token. */
  readonly token: string;
  /** Commands are signed with the first of these. */
  readonly commandSecrets: readonly Uint8Array[];
  /** PEM of the keys that checkpoints are signed with. */
  readonly auditPublicKeys: string;
  /** Aborts when the service stops: what reads the whole log ends then. */
  readonly stopping: AbortSignal;
}

export interface ApiService {
  readonly server: ApiServer;
  /** Opens lazily: use it now and then, or nothing keeps it up to date. */
  readonly readModel: LazyReadModel;
  readonly effects: readonly Runnable[];
}

/** What the service runs, on ports that other instances share. */
export function apiService(ports: ApiPorts, config: ApiConfig): ApiService {
  const { log, digest, logger } = ports;
  const readModel = new LazyReadModel({
    log,
    digest,
    dialect: ports.store,
    whenAhead: 'refuse',
    onFailure: (err) => logger.error({ err }, 'the read model failed: the next use opens it again'),
  });
  const server = new ApiServer({
    log,
    digest,
    readModel,
    signer: new CommandKeys({ digest, secrets: config.commandSecrets }),
    accepts: (candidate) => secretsEqual(candidate, config.token),
    health: {
      live: () => ports.health.liveness().reasons[0],
      ready: () => Promise.resolve(unready(ports.health)),
    },
    metrics: () => ports.metrics.exposition(),
    onTaken: intakeMetrics(ports.metrics),
    onError: (err, requestId) => logger.error({ err, request_id: requestId }, 'a request failed'),
    status: {
      version: config.version,
      startedAt: config.startedAt,
      ledger: ports.ledger,
      queue: () => ports.queue.counts(),
    },
    audit: auditOf(ports, config),
  });
  return { server, readModel, effects: [{ name: 'command outcomes', run: () => server.run() }] };
}

/** The checkpoints are those in the log: the file outside is on the machine of the service that signs them. */
function auditOf({ log, digest }: ApiPorts, { auditPublicKeys, stopping: signal }: ApiConfig) {
  const verify = signaturesOf(auditPublicKeys);
  return {
    publicKeys: () => Promise.resolve(auditPublicKeys),
    exportLines: () => exportLog(log, { digest, signal }),
    verify: async () => (await verifyLog(log, { digest, verify, signal })) as unknown as JsonObject,
  };
}

/** The reason of each check that says no. */
export const unready = (health: Health): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(health.readiness().checks).filter(([, outcome]) => outcome !== 'ready'));
