import { setTimeout as pause } from 'node:timers/promises';
import {
  type AnySink,
  type BreakersOf,
  type DeliveryAttempted,
  type DeliveryRequested,
  type Digest,
  type EventLog,
  type Http,
  type Instant,
  type Job,
  type JobQueue,
  LogError,
  type Recorded,
  type TopicName,
  type Wires,
} from '@tocsin/core';
import { type Clock, type SecretSources, systemClock } from '@tocsin/runtime';
import { attemptReport } from './attempt-report.ts';
import type { AttemptOutcome } from './delivery-attempt.ts';
import { defaultDeliveryLimits, type DeliveryLimits } from './delivery-limits.ts';
import type { DeliveryObserver } from './delivery-observer.ts';
import { InstructionReader } from './instruction-reader.ts';
import { type HeldInstruction, Outstanding } from './outstanding.ts';
import { Pulse } from './pulse.ts';
import { SinkCaller } from './sink-caller.ts';
import { StopGrace } from './stop-grace.ts';

/** Enough to find the instruction again; what it says stays in the log. */
export type DeliveryJob = Pick<HeldInstruction, 'deliveryId' | 'attempt' | 'lease' | 'partition' | 'offset'>;

export interface DeliveryWorkerParts {
  readonly log: EventLog;
  readonly queue: JobQueue<DeliveryJob>;
  readonly sinks: readonly AnySink[];
  readonly http: Http;
  readonly wires: Wires;
  readonly digest: Digest;
  readonly secretSources?: SecretSources | undefined;
  readonly clock?: Clock | undefined;
  readonly limits?: Partial<DeliveryLimits> | undefined;
  readonly observer?: DeliveryObserver | undefined;
  /** Shared with the other workers, where there are any. */
  readonly breakers?: BreakersOf | undefined;
}

/**
 * Carries out the notifier's instructions and reports what became of them. At least once: a slot is free only when its
 * report is durable, and what a crash left unreported is done again under the same delivery id. Several workers may run
 * where the queue is shared: each reads all instructions and all reports, and carries out what the queue gives it.
 */
export class DeliveryWorker {
  readonly name = 'delivery-worker';
  readonly #parts: DeliveryWorkerParts;
  readonly #limits: DeliveryLimits;
  readonly #clock: Clock;
  readonly #caller: SinkCaller;
  readonly #texts: InstructionReader;
  readonly #pulse = new Pulse();
  readonly #shared: boolean;
  #outstanding: Outstanding;
  #saved = '';

  constructor(parts: DeliveryWorkerParts) {
    this.#parts = parts;
    this.#limits = { ...defaultDeliveryLimits, ...parts.limits };
    this.#clock = parts.clock ?? systemClock;
    this.#caller = new SinkCaller({
      ...parts,
      clock: this.#clock,
      limits: this.#limits,
      secretSources: parts.secretSources ?? {},
      observer: parts.observer ?? {},
    });
    this.#texts = new InstructionReader(parts.log);
    this.#shared = parts.queue.lost !== undefined;
    this.#outstanding = this.#begin({});
  }

  /** Instructions that wait or run. */
  get outstanding(): number {
    return this.#outstanding.size;
  }

  /** Resolves when the signal has aborted and what was under way is reported. Rejects when the log fails. */
  async run(signal: AbortSignal): Promise<void> {
    const failed = new AbortController();
    const stop = AbortSignal.any([signal, failed.signal]);
    this.#parts.queue.lost?.(() => void this.#addAgain(stop), stop);
    await this.#resume(stop);
    this.#pulse.beat();
    const grace = new StopGrace(stop, this.#limits.graceMs);
    const tasks = [this.#caller.run(stop), this.#follow(stop), this.#work(stop, grace), this.#saveNowAndThen(stop)];
    for (const task of tasks) task.catch((error: unknown) => failed.abort(error));
    const ends = await Promise.allSettled(tasks);
    grace.end();
    const failure = ends.find((end) => end.status === 'rejected');
    if (failure) throw failure.reason;
    await this.#save().catch(throwUnlessPassing);
  }

  #begin(saved: Readonly<Record<string, number>>): Outstanding {
    const { partitions } = this.#parts.log;
    return new Outstanding({ partitions, saved, keptPerSink: this.#limits.keptPerSink, shared: this.#shared });
  }

  /** Reads up to the end first, so that what was done before is not done again. */
  async #resume(signal: AbortSignal): Promise<void> {
    const { log, queue } = this.#parts;
    const saved = await log.positions(this.name);
    this.#outstanding = this.#begin(saved);
    for await (const batch of log.read({ topics: ['deliveries'], from: saved, follow: false, signal }))
      for (const record of batch) this.#outstanding.read(record);
    for await (const batch of log.read({ topics: ['attempts'], from: saved, follow: false, signal }))
      for (const record of batch) this.#outstanding.heard(record);
    await queue.add([...this.#outstanding.all()].map((held) => this.#jobOf(held)));
  }

  /** The queue has lost what waited. What others have reported must be known first, else it would be done again. */
  async #addAgain(signal: AbortSignal): Promise<void> {
    try {
      const ends = Object.entries(await this.#parts.log.ends(['attempts']));
      const behind = () => ends.some(([place, end]) => (this.#outstanding.next[place] ?? 0) < end);
      while (behind() && !signal.aborted) await this.#pulse.next(signal);
      if (!signal.aborted) await this.#parts.queue.add([...this.#outstanding.all()].map((held) => this.#jobOf(held)));
    } catch {
      // The leases bring back what is not added here.
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { log, queue } = this.#parts;
    const from = this.#outstanding.next;
    // Alone it knows its reports already.
    const topics: readonly TopicName[] = this.#shared ? ['deliveries', 'attempts'] : ['deliveries'];
    for await (const batch of log.read({ topics, from, follow: true, signal })) {
      const jobs = batch.flatMap((record) => this.#read(record));
      this.#pulse.beat();
      if (jobs.length > 0) await queue.add(jobs);
    }
  }

  #read(record: Recorded): readonly Job<DeliveryJob>[] {
    if (record.topic === 'attempts') this.#outstanding.heard(record);
    const held = record.topic === 'deliveries' ? this.#outstanding.read(record) : undefined;
    return held ? [this.#jobOf(held, record)] : [];
  }

  #jobOf(held: HeldInstruction, record?: Recorded): Job<DeliveryJob> {
    const { deliveryId, sink, attempt, lease, partition, offset } = held;
    return {
      id: `${deliveryId}.${attempt}.${lease}`,
      lane: deliveryId.slice(0, deliveryId.lastIndexOf('.')),
      group: sink,
      runAt: record ? (record.value as DeliveryRequested).data.dueAt : 0,
      data: { deliveryId, attempt, lease, partition, offset },
    };
  }

  #work(signal: AbortSignal, grace: StopGrace): Promise<void> {
    const { total } = this.#limits;
    const perGroup = (sink: string) => this.#caller.slotsOf(sink);
    return this.#parts.queue.work(({ data }) => this.#carryOut(data, { signal, grace }), { perGroup, total, signal });
  }

  async #carryOut(job: DeliveryJob, stop: { readonly signal: AbortSignal; readonly grace: StopGrace }): Promise<void> {
    // Another worker, which had read further, may have added it.
    while (!this.#outstanding.hasRead(job) && !stop.signal.aborted) await this.#pulse.next(stop.signal);
    stop.signal.throwIfAborted();
    const held = this.#outstanding.current(job);
    const event = held && (held.event ?? (await this.#texts.textOf(held, this.#outstanding)));
    if (!held || !event) return;
    const startedAt = this.#clock.now();
    const outcome = await stop.grace.within(this.#caller.attempt(event, stop.signal));
    if (!outcome) throw new Error('this process stops: the attempt did not end in time');
    const now = this.#clock.now();
    this.#observe(event, outcome, { startedAt, now });
    await this.#report(held, attemptReport({ event, held, outcome, startedAt, now }), stop.signal);
  }

  /** Resolves when the report is durable. A log that cannot write is asked again: to make the attempt again would be worse. */
  async #report(held: HeldInstruction, value: DeliveryAttempted, signal: AbortSignal): Promise<void> {
    // A partition belongs together over all topics, so the instruction's own is the one that its notifier reads.
    const record = { topic: 'attempts', key: value.subject, shard: held.partition, value } as const;
    for (let wait = 50; ; wait = Math.min(wait * 2, 2_000))
      try {
        const [position] = await this.#parts.log.append([record]);
        this.#outstanding.reported(value.data, position ?? { partition: held.partition, offset: -1 });
        return;
      } catch (error) {
        const again = error instanceof LogError && error.retryable && !signal.aborted;
        this.#parts.observer?.unreported?.({ deliveryId: held.deliveryId, error, again });
        if (!again) throw error;
        await pause(wait);
      }
  }

  #observe(
    { data, at }: DeliveryRequested,
    { verdict }: AttemptOutcome,
    { startedAt, now }: { readonly startedAt: Instant; readonly now: Instant },
  ): void {
    const { sink, signalId, attempt } = data;
    const about = { sink, signalId, attempt, verdict: verdict.kind, tookMs: now - startedAt, waitedMs: startedAt - at };
    this.#parts.observer?.attempted?.(about);
  }

  async #saveNowAndThen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await pause(this.#limits.saveEveryMs, undefined, { signal, ref: false }).catch(() => {});
      if (!signal.aborted) await this.#save().catch(throwUnlessPassing);
    }
  }

  async #save(): Promise<void> {
    if (this.#shared) {
      const attempts = await this.#parts.log.ends(['attempts']);
      this.#outstanding.mark({ ...attempts, ...(await this.#parts.log.ends(['deliveries'])) });
    }
    const positions = this.#outstanding.checkpoint();
    const text = JSON.stringify(positions);
    if (text === this.#saved) return;
    await this.#parts.log.save(this.name, positions);
    this.#saved = text;
  }
}

/** A log that cannot write now (disk full) gets the positions the next time: they only spare a successor some reading. */
function throwUnlessPassing(error: unknown): void {
  if (!(error instanceof LogError && error.retryable)) throw error;
}
