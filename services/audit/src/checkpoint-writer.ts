import { setTimeout as wait } from 'node:timers/promises';
import {
  checkpointLine,
  checkpointLinesOf,
  checkpointText,
  type Digest,
  type EventLog,
  linkOf,
  LogError,
  minute,
  parseCheckpoint,
  positionKey,
  type Positions,
  type Recorded,
  second,
  type SignedCheckpoint,
} from '@tocsin/core';
import { type Clock, systemClock } from '@tocsin/runtime';
import { AuditAlarm } from './audit-alarm.ts';
import type { AuditSigner } from './audit-keys.ts';
import { agreedCheckpoints, checkpointsByStream } from './checkpoint-agreement.ts';
import { CheckpointFile } from './checkpoint-file.ts';
import { StreamProgress } from './stream-progress.ts';

export interface CheckpointWriterParts {
  readonly log: EventLog;
  readonly digest: Digest;
  readonly signer: AuditSigner;
  /** Where `checkpoints.ndjson` is kept: best on another disk or machine than the log. */
  readonly directory: string;
  readonly clock?: Clock;
  /** A checkpoint after so many records of a stream. 1,000. */
  readonly everyRecords?: number;
  /** And this long after a record that no checkpoint attests yet. 60 s. */
  readonly everyMs?: number;
  /** Where there is no space for a checkpoint, it is tried again after this. 5 s. */
  readonly againMs?: number;
}

const reader = 'checkpoint-writer';
const stopWithinMs = 3_000;

/**
 * Follows the audit log, verifies the chain as it goes, and signs checkpoints: into the file outside first, then into
 * `audit-checkpoints`. A crash between the two is made good at the next start. At least once; one instance per installation.
 */
export class CheckpointWriter {
  readonly name = reader;
  readonly #parts: Required<CheckpointWriterParts>;
  #streams: readonly StreamProgress[] = [];
  /** Monotonic time of the first record that no checkpoint attests yet. */
  #openSince: number | undefined;

  constructor(parts: CheckpointWriterParts) {
    this.#parts = { clock: systemClock, everyRecords: 1_000, everyMs: minute, againMs: 5 * second, ...parts };
  }

  /**
   * Resolves when the signal has aborted and what was committed by then is attested. Rejects with `AuditAlarm` when the log does not
   * verify or lacks what a checkpoint attests, and with the error of the log or the file when one of them fails. A lack of space
   * is no such failure: while it runs, it begins again until there is some.
   */
  async run(signal: AbortSignal): Promise<void> {
    for (let done = false; !done; )
      try {
        await this.#runOnce(signal);
        done = true;
      } catch (error) {
        if (signal.aborted || !isLackOfSpace(error)) throw error;
        await wait(this.#parts.againMs, undefined, { signal }).catch(() => {});
      }
  }

  async #runOnce(signal: AbortSignal): Promise<void> {
    this.#openSince = undefined;
    const file = await CheckpointFile.open(this.#parts.directory);
    const late = lateAfter(signal);
    try {
      await this.#resume(file, late);
      await this.#follow(file, signal);
      await this.#finish(file, late);
    } finally {
      await file.close();
    }
  }

  async #resume(file: CheckpointFile, signal: AbortSignal): Promise<void> {
    const { log } = this.#parts;
    const insides = checkpointsByStream(await checkpointLinesOf(log, signal), 'audit-checkpoints');
    const outsides = checkpointsByStream(file.lines, 'checkpoints.ndjson');
    const saved = await log.positions(reader);
    this.#streams = Array.from({ length: log.partitions }, (_, partition) => new StreamProgress(partition));
    for (const progress of this.#streams) {
      const { stream, partition } = progress;
      const inside = insides.get(stream) ?? [];
      const outside = outsides.get(stream) ?? [];
      const known = agreedCheckpoints(stream, { inside, outside }, this.#parts.digest);
      progress.last = known.at(-1);
      await this.#find(progress, saved[positionKey('audit', partition)] ?? 0, signal);
      if (signal.aborted) return;
      for (const signed of known.slice(outside.length)) await file.append(lineOf(signed));
      for (const signed of known.slice(inside.length)) await this.#publish(progress, signed);
    }
  }

  /** Finds the last attested record again: the log must still hold it, unchanged. */
  async #find(progress: StreamProgress, from: number, signal: AbortSignal): Promise<void> {
    const attested = progress.last?.checkpoint;
    if (!attested) return;
    for await (const batch of this.#parts.log.read({ ...(await this.#only(progress, from)), follow: false, signal }))
      for (const record of batch) {
        if (record.partition !== progress.partition) continue;
        const text = String(record.value);
        if (linkOf(text)?.seq !== attested.size - 1) continue;
        if (this.#parts.digest.sha256(text) !== attested.last_hash)
          throw new AuditAlarm(
            `${progress.stream} seq ${attested.size - 1} is not the record that a checkpoint attests`,
          );
        progress.resumeAt(attested, record.offset);
        return;
      }
    if (signal.aborted) return;
    throw new AuditAlarm(
      `${progress.stream}: a checkpoint attests ${attested.size} records, but the log does not hold record ${attested.size - 1}. ` +
        'If the log was begun anew on purpose, move checkpoints.ndjson away',
    );
  }

  async #only({ partition }: StreamProgress, from: number) {
    const ends = await this.#parts.log.ends(['audit']);
    return { topics: ['audit'] as const, from: { ...ends, [positionKey('audit', partition)]: from } };
  }

  async #follow(file: CheckpointFile, signal: AbortSignal): Promise<void> {
    const end = new AbortController();
    const batches = this.#read(true, AbortSignal.any([signal, end.signal]))[Symbol.asyncIterator]();
    let next = batches.next();
    try {
      for (;;) {
        const came = await this.#soonest(next);
        if (came === 'due') await this.#attest(file, 1);
        else if (came.done) return;
        else {
          await this.#take(came.value, file);
          next = batches.next();
        }
      }
    } finally {
      end.abort();
      next.catch(() => {});
    }
  }

  /** The next batch, or the time by which what has come must be attested. */
  async #soonest<T>(next: Promise<T>): Promise<T | 'due'> {
    const left = this.#dueInMs();
    if (left === undefined) return next;
    if (left <= 0) return 'due';
    const timer = new AbortController();
    const due = wait(left, 'due' as const, { signal: timer.signal });
    try {
      return await Promise.race([next, due.catch(() => 'due' as const)]);
    } finally {
      timer.abort();
    }
  }

  /** What was committed until now is attested, so that a clean stop leaves nothing open. */
  async #finish(file: CheckpointFile, signal: AbortSignal): Promise<void> {
    try {
      for await (const batch of this.#read(false, signal)) await this.#take(batch, file);
      await this.#attest(file, 1);
    } catch (error) {
      // The log has gone before us: the next start attests the rest.
      if (!(error instanceof LogError)) throw error;
    }
  }

  #read(follow: boolean, signal: AbortSignal): AsyncIterable<readonly Recorded[]> {
    const from: Positions = Object.fromEntries(
      this.#streams.map(({ partition, offset }) => [positionKey('audit', partition), offset + 1]),
    );
    return this.#parts.log.read({ topics: ['audit'], from, follow, signal });
  }

  /** Undefined when every record is attested. */
  #dueInMs(): number | undefined {
    return this.#openSince === undefined ? undefined : this.#openSince + this.#parts.everyMs - performance.now();
  }

  async #take(batch: readonly Recorded[], file: CheckpointFile): Promise<void> {
    for (const { partition, offset, value } of batch) {
      const progress = this.#streams[partition];
      if (!progress) throw new AuditAlarm(`the audit log has a partition ${partition} that it should not have`);
      progress.advance({ text: String(value), offset }, this.#parts.digest);
      this.#openSince ??= performance.now();
      if (progress.growth >= this.#parts.everyRecords) await this.#attest(file, this.#parts.everyRecords);
    }
  }

  /** Signs for every stream that has grown by at least so many records. */
  async #attest(file: CheckpointFile, atLeast: number): Promise<void> {
    const { clock, digest, signer } = this.#parts;
    for (const progress of this.#streams) {
      const { stream, size, head: lastHash, last } = progress;
      if (progress.growth < atLeast) continue;
      const about = { stream, size, lastHash, previous: last?.text, time: clock.now(), keyId: signer.keyId, digest };
      const text = checkpointText(about);
      const line = checkpointLine(text, signer.sign(text));
      const signed = parseCheckpoint(line) as SignedCheckpoint;
      await file.append(line);
      await this.#publish(progress, signed);
      progress.attestedBy(signed);
      await this.#save();
    }
    if (!this.#streams.some((progress) => progress.growth > 0)) this.#openSince = undefined;
  }

  /** The position is that of the last attested record: the next start reads it again and compares. */
  #save(): Promise<void> {
    const positions = this.#streams.map(({ partition, attestedOffset }) => [
      positionKey('audit', partition),
      attestedOffset,
    ]);
    return this.#parts.log.save(reader, Object.fromEntries(positions) as Positions);
  }

  async #publish({ stream, partition }: StreamProgress, signed: SignedCheckpoint): Promise<void> {
    const value = lineOf(signed);
    await this.#parts.log.append([{ topic: 'audit-checkpoints', key: stream, value, shard: partition }]);
  }
}

/** Aborts some time after the stop: until then what is left gets done. */
function lateAfter(stop: AbortSignal): AbortSignal {
  const late = new AbortController();
  const arm = () => setTimeout(() => late.abort(), stopWithinMs).unref();
  if (stop.aborted) arm();
  else stop.addEventListener('abort', arm, { once: true });
  return late.signal;
}

const lineOf = ({ text, signature }: SignedCheckpoint): string => checkpointLine(text, signature);

const isLackOfSpace = (error: unknown): boolean =>
  error instanceof LogError
    ? error.retryable
    : ['ENOSPC', 'EDQUOT'].includes(String(Reflect.get(Object(error), 'code')));
