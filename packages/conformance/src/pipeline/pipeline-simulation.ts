import {
  type AnyProcessor,
  type Append,
  type Detection,
  hour,
  type Instant,
  type Ledger,
  minute,
  type Positions,
  positionKey,
  type Recorded,
  second,
  topicNames,
} from '@tocsin/core';
import { type CheckReport, checkPipeline, readAll } from '../checker/checker.ts';
import { expectFolded } from '../event-log/comparison.ts';
import type { OpenedEventLog, Running } from '../event-log/harness.ts';
import { Random } from '../simulation/random.ts';

/** What an outside party may look at when it decides what to send next. */
export interface Moment {
  readonly random: Random;
  readonly now: Instant;
  /** From 0. */
  readonly turn: number;
  /** Committed so far, as read from the log. */
  readonly committed: readonly Recorded[];
}

export interface PipelineSimulation {
  readonly seed: number;
  /** Each list runs fused; several run apart, where the engine can. */
  readonly lists: readonly (readonly AnyProcessor[])[];
  /** What comes from outside in a turn: detections, commands, configuration. */
  readonly inputs: (moment: Moment) => readonly Append[];
  /** The effect behind `deliveries`: reports to append for an instruction; it may stay silent, or report twice. */
  readonly respond?: (instruction: Recorded, moment: Moment) => readonly Append[];
  /** Balance of a partition, from the committed state. */
  readonly ledger?: (opened: OpenedEventLog) => Promise<Ledger>;
  /** @default 25 */
  readonly turns?: number;
  /** Chance, per turn, that every process dies at once. @default 0.1 */
  readonly crash?: number;
}

/**
 * Runs processors on an engine through appends, silences, passing time and crashes until nothing is left to do, and judges
 * the run: every task against `fold`, the whole by the checker. Rejects when a task differs from the oracle.
 */
export async function simulatePipeline(opened: OpenedEventLog, simulation: PipelineSimulation): Promise<CheckReport> {
  const pipeline = new Pipeline(opened, simulation);
  await pipeline.play();
  await pipeline.drain();
  for (const list of simulation.lists) await expectFolded(opened, list);
  const dead = simulation.lists.flat().map(({ id }) => `${id}.dead` as const);
  const ledger = await simulation.ledger?.(opened);
  const records = await readAll(opened.log, dead);
  return checkPipeline({
    records,
    sent: pipeline.sent,
    ...(ledger && { ledger }),
    deliveriesEnded: simulation.respond !== undefined,
  });
}

class Pipeline {
  readonly sent = { acknowledged: new Set<string>(), possible: new Set<string>() };
  readonly #opened: OpenedEventLog;
  readonly #simulation: PipelineSimulation;
  readonly #random: Random;
  readonly #committed: Recorded[] = [];
  #read: Positions = {};
  #answered = 0;
  #runs: readonly Running[] = [];
  #turn = 0;

  constructor(opened: OpenedEventLog, simulation: PipelineSimulation) {
    this.#opened = opened;
    this.#simulation = simulation;
    this.#random = new Random(simulation.seed ^ 0x5eed);
  }

  async play(): Promise<void> {
    const { turns = 25, crash = 0.1 } = this.#simulation;
    this.#start();
    for (; this.#turn < turns; this.#turn++) {
      this.#opened.advance(this.#random.pick([0, 1, 20, 900, second, 30 * second, 5 * minute, hour]));
      await this.#send(await this.#inputs());
      if (this.#random.chance(0.5)) await this.#opened.settled();
      if (this.#random.chance(0.5)) await this.#answer();
      if (!this.#random.chance(crash)) continue;
      this.#send(await this.#inputs()).catch(() => {});
      await this.#opened.crash();
      this.#start();
    }
  }

  /** Time passes until every timer has run and every instruction is answered. */
  async drain(): Promise<void> {
    for (let quiet = 0; quiet < 8; ) {
      await this.#opened.settled();
      const answers = await this.#answer();
      quiet = answers === 0 ? quiet + 1 : 0;
      this.#opened.advance(12 * hour);
      this.#turn += 1;
    }
    await this.#opened.settled();
    for (const run of this.#runs) await run.stop();
  }

  #start(): void {
    this.#runs = this.#simulation.lists.map((list) => this.#opened.start(list));
  }

  async #inputs(): Promise<readonly Append[]> {
    return this.#simulation.inputs(await this.#moment());
  }

  async #moment(): Promise<Moment> {
    return {
      random: this.#random,
      now: this.#opened.now(),
      turn: this.#turn,
      committed: await this.#catchUp(),
    };
  }

  /** Reads on from where it stopped, as a party outside would. */
  async #catchUp(): Promise<readonly Recorded[]> {
    const request = { topics: topicNames, from: this.#read, follow: false, signal: new AbortController().signal };
    const to: Record<string, number> = { ...this.#read };
    for await (const batch of this.#opened.log.read(request))
      for (const record of batch) {
        this.#committed.push(record);
        to[positionKey(record.topic, record.partition)] = record.offset + 1;
      }
    this.#read = to;
    return this.#committed;
  }

  async #send(records: readonly Append[]): Promise<void> {
    const ids = records
      .filter(({ topic }) => topic === 'grouped-detections')
      .map(({ value }) => (value as Detection).id);
    for (const id of ids) this.sent.possible.add(id);
    if (records.length === 0) return;
    await this.#opened.log.append(records);
    for (const id of ids) this.sent.acknowledged.add(id);
  }

  /** Answers each instruction that it has not answered yet; says how many answers there were. */
  async #answer(): Promise<number> {
    const { respond } = this.#simulation;
    if (!respond) return 0;
    const moment = await this.#moment();
    const open = this.#committed.slice(this.#answered).filter(({ topic }) => topic === 'deliveries');
    this.#answered = this.#committed.length;
    await this.#send(open.flatMap((instruction) => respond(instruction, moment)));
    return open.length;
  }
}
