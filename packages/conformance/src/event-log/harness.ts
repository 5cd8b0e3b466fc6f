import type { AnyProcessor, Entry, EventLog, Instant, StateKey } from '@tocsin/core';
import type { Capability, Case } from '../suite.ts';

/** What an event log may lack. */
export type EventLogCapability = 'apart' | 'atomicAppend';

/** How the suite gets at one engine. */
export interface EventLogHarness {
  readonly name: string;
  readonly capabilities: {
    /** Several lists run at once, each in transactions of its own. */
    readonly apart: Capability;
    /** One `append` over several partitions is durable as a whole or not at all. */
    readonly atomicAppend: Capability;
  };
  /** Random runs of each property: as many as fit into seconds. */
  readonly runs: number;
  /** False ends a property at its first failure, for harnesses that are meant to fail. @default true */
  readonly shrink?: boolean;
  /** An empty log. `seed` is for engines that leave something to chance. */
  open(seed: number): Promise<OpenedEventLog>;
}

export interface OpenedEventLog {
  /** Another object after `crash`. */
  readonly log: EventLog;
  /** The time that the log appends by. */
  now(): Instant;
  /** Moves that time, and does nothing else: wakes follow at `settled`, or before the next record. */
  advance(ms: number): void;
  start(processors: readonly AnyProcessor[]): Running;
  /** Resolves when what runs has read everything and nothing is due at the present time. */
  settled(): Promise<void>;
  /** Every process ends without any clean-up; what was durable is opened again. Nothing runs afterwards. */
  crash(): Promise<void>;
  /** What the list took from outside and the silences it acted on, in the order in which it was committed. */
  interleaving(processors: readonly AnyProcessor[], partition: number): Promise<readonly Entry[]>;
  /** Committed state. */
  states(processor: AnyProcessor, partition: number): Promise<ReadonlyMap<StateKey, unknown>>;
  close(): Promise<void>;
}

export interface Running {
  /** As `EventLog.run` says; after a crash it may never settle. */
  readonly done: Promise<void>;
  /** Aborts the run and waits for it. */
  stop(): Promise<void>;
}

/** A run of `log` that can be stopped; a rejection that nobody awaits is not an unhandled one. */
export function running(log: EventLog, processors: readonly AnyProcessor[]): Running {
  const abort = new AbortController();
  const done = log.run(processors, abort.signal);
  done.catch(() => {});
  return {
    done,
    stop: () => {
      abort.abort();
      return done;
    },
  };
}

export type EventLogCase = Case<EventLogHarness, EventLogCapability>;
