import { type EventLog, type JsonObject, type Ledger, topicNames } from '@tocsin/core';
import type { FastifyInstance } from 'fastify';

export interface StatusOptions {
  readonly log: EventLog;
  readonly version: string;
  readonly startedAt: number;
  readonly ledger: () => Promise<Ledger>;
  /** May reject: a queue that is away holds up nothing but its own numbers. */
  readonly queue: () => Promise<{ readonly waiting: number; readonly running: number }>;
  readonly readModelOpened: () => boolean;
}

/** `GET /api/v2/status`: the balance of promise 1, where the log ends, and what is waiting to be delivered. */
export function statusRoutes(app: FastifyInstance, options: StatusOptions): void {
  app.get('/api/v2/status', async () => ({
    data: { type: 'status', id: 'tocsin', attributes: await statusOf(options) },
  }));
}

async function statusOf(options: StatusOptions): Promise<JsonObject> {
  const ends = await options.log.ends(topicNames);
  const count = (topic: string): number =>
    Object.entries(ends).reduce((sum, [place, next]) => (place.startsWith(`${topic}/`) ? sum + next : sum), 0);
  return {
    version: options.version,
    uptime_seconds: Math.round((Date.now() - options.startedAt) / 1000),
    balance: balanceOf(await options.ledger(), {
      detections: count('grouped-detections'),
      deadLetters: count('intake.dead'),
    }),
    records: Object.fromEntries(topicNames.map((topic) => [topic, count(topic)])),
    deliveries: await options.queue().then(({ waiting, running }) => ({ waiting, running }), unknownCounts),
    read_model: options.readModelOpened() ? 'open' : 'not used yet',
  };
}

const unknownCounts = (): JsonObject => ({ waiting: null, running: null });

/** Accepted is counted where the log ends, everything else where it was decided: two counts that must agree. */
export function balanceOf(
  ledger: Ledger,
  taken: { readonly detections: number; readonly deadLetters: number },
): JsonObject {
  const { inSignals, suppressed, excluded, duplicates } = ledger;
  const accepted = taken.detections + taken.deadLetters;
  const accounted = inSignals + suppressed + excluded + duplicates + taken.deadLetters;
  return {
    accepted,
    in_signals: inSignals,
    suppressed,
    excluded,
    duplicates,
    dead_letters: taken.deadLetters,
    unaccounted: accepted - accounted,
    holds: accepted === accounted,
  };
}
