import type { AnyProcessor, AnySink, BreakersOf, Digest, EventLog, Http, JobQueue, Wires } from '@tocsin/core';
import type { Clock, SecretSources } from '@tocsin/runtime';
import type { DeliveryLimits } from './delivery-limits.ts';
import type { DeliveryObserver } from './delivery-observer.ts';
import { type DeliveryJob, DeliveryWorker } from './delivery-worker.ts';
import { notifierProcessor } from './notifier-processor.ts';

export interface NotifierPorts {
  readonly log: EventLog;
  readonly queue: JobQueue<DeliveryJob>;
  readonly http: Http;
  readonly wires: Wires;
  readonly digest: Digest;
  readonly clock?: Clock | undefined;
  /** Shared with the workers of other processes, where there are any. */
  readonly breakers?: BreakersOf | undefined;
}

export interface NotifierConfig {
  /** Absolute URL of the pages; links to signals begin with it. */
  readonly linkBase: string;
  readonly sinks: readonly AnySink[];
  readonly secretSources?: SecretSources | undefined;
  /** Milliseconds that a worker has for the first lease of an attempt. 60 s. */
  readonly leaseMs?: number | undefined;
  readonly limits?: Partial<DeliveryLimits> | undefined;
  readonly observer?: DeliveryObserver | undefined;
}

/** Something that acts on the world and runs until its signal aborts. */
export interface NotifierEffect {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

export interface NotifierService {
  /** After ingest and triage in a fused list, before audit. */
  readonly processors: readonly AnyProcessor[];
  /** To be stopped before the processors: what is under way is reported to them. */
  readonly effects: readonly NotifierEffect[];
}

/** What the service runs. */
export function notifierService(ports: NotifierPorts, config: NotifierConfig): NotifierService {
  const { linkBase, sinks, leaseMs, ...worker } = config;
  const types = new Map(sinks.map((sink) => [sink.type, sink]));
  const processor = notifierProcessor({
    linkBase,
    sinkTypes: (type) => types.get(type),
    ...(leaseMs !== undefined && { leaseMs }),
  });
  return { processors: [processor as AnyProcessor], effects: [new DeliveryWorker({ ...ports, ...worker, sinks })] };
}
