import type {
  AnySink,
  Breakers,
  BreakersOf,
  Configuration,
  DeliveryRequested,
  Digest,
  EventLog,
  Http,
  Instant,
  JobQueue,
  Verdict,
  Wires,
} from '@tocsin/core';
import type { Clock, SecretSources } from '@tocsin/runtime';
import { ConfigFollower } from './config-follower.ts';
import { ConfiguredSinks } from './configured-sinks.ts';
import { type AttemptOutcome, attemptDelivery } from './delivery-attempt.ts';
import type { DeliveryLimits } from './delivery-limits.ts';
import type { DeliveryObserver } from './delivery-observer.ts';
import { SinkBreakers } from './sink-breakers.ts';

export interface SinkCallerParts {
  readonly log: EventLog;
  /** Whose groups are held back while a sink does not answer or asks for time. */
  readonly queue: Pick<JobQueue<never>, 'pause'>;
  readonly sinks: readonly AnySink[];
  readonly http: Http;
  readonly wires: Wires;
  readonly digest: Digest;
  readonly secretSources: SecretSources;
  readonly clock: Clock;
  readonly limits: DeliveryLimits;
  readonly observer: DeliveryObserver;
  /** Those of this process alone, if none are given. */
  readonly breakers?: BreakersOf | undefined;
}

/** A far end may hold its whole queue back for this long at a time; the message itself waits as long as was asked. */
const longestPauseMs = 60_000;
const notTried: AttemptOutcome = {
  verdict: { kind: 'retry', reason: 'not tried: the sink has not answered for a while' },
};

/** Makes one attempt after the other at sinks as they are configured now, behind a breaker each. */
export class SinkCaller {
  readonly #parts: SinkCallerParts;
  readonly #config: ConfigFollower;
  readonly #sinks: ConfiguredSinks;
  readonly #breakers: Breakers<AttemptOutcome>;
  readonly #answeredAt = new Map<string, Instant>();

  constructor(parts: SinkCallerParts) {
    this.#parts = parts;
    this.#config = new ConfigFollower(parts.log);
    this.#sinks = new ConfiguredSinks(parts);
    const breakersOf: BreakersOf = parts.breakers ?? ((options, by) => new SinkBreakers(options, by));
    this.#breakers = breakersOf(
      {
        failures: parts.limits.breakerFailures,
        openMs: parts.limits.breakerOpenMs,
        opened: (sink, first) => this.#opened(sink, first),
        changed: (sink, state) => parts.observer.breaker?.({ sink, state }),
      },
      failed,
    );
  }

  /** Follows the configuration until the signal aborts. */
  run(signal: AbortSignal): Promise<void> {
    return this.#config.run(signal);
  }

  /** How many attempts at once a sink may have now: few until it answers, and again when it has been silent. */
  slotsOf(sink: string): number {
    const { limits, clock } = this.#parts;
    const answeredAt = this.#answeredAt.get(sink) ?? Number.NEGATIVE_INFINITY;
    const silent = clock.now() - answeredAt > limits.timeoutMs;
    return silent ? Math.min(limits.perSilentSink, limits.perSink) : limits.perSink;
  }

  /** Undefined when the signal aborts before the configuration that asked for this is known. Rejects only on broken ports. */
  async attempt(event: DeliveryRequested, signal: AbortSignal): Promise<AttemptOutcome | undefined> {
    const configuration = await this.#config.atLeast(event.data.configVersion, signal);
    return configuration && this.#call(event, configuration);
  }

  async #call(event: DeliveryRequested, configuration: Configuration): Promise<AttemptOutcome> {
    const { sink: handle } = event.data;
    const found = await this.#sinks.find(handle, configuration);
    if (!found.ok) return { verdict: found.verdict };
    const { http, wires, digest, clock, limits } = this.#parts;
    const tools = { http, wires, digest, clock, timeoutMs: limits.timeoutMs };
    const outcome = await this.#breakers.run(handle, () => attemptDelivery(found, event, tools));
    if (outcome && !failed(outcome)) this.#answeredAt.set(handle, clock.now());
    if (outcome) await this.#giveTime(handle, outcome.verdict);
    return outcome ?? notTried;
  }

  /** The far end asked for time: nobody else need knock until then. */
  async #giveTime(handle: string, verdict: Verdict): Promise<void> {
    if (verdict.kind !== 'retry' || !verdict.afterMs) return;
    await this.#hold(handle, Math.min(verdict.afterMs, longestPauseMs));
  }

  #opened(sink: string, first: boolean): void {
    // Only the first time: what has been held back once moves on along the ladder rather than wait for ever.
    if (first) this.#hold(sink, this.#parts.limits.breakerOpenMs).catch(() => {});
  }

  #hold(sink: string, ms: number): Promise<void> {
    return this.#parts.queue.pause(sink, this.#parts.clock.now() + ms);
  }
}

/** A far end that asks for time is alive. */
const failed = ({ verdict }: AttemptOutcome): boolean => verdict.kind === 'retry' && verdict.afterMs === undefined;
