import type { Buffer } from 'node:buffer';
import { createReadStream } from 'node:fs';
import process from 'node:process';
import type { Readable } from 'node:stream';
import type { JsonObject } from '@tocsin/core';
import { detectors, guessFormat, readLines } from '@tocsin/detectors';
import { batchesOf } from './batches.ts';
import type { ApiClient } from './client.ts';
import { exitCodes, Failure } from './failure.ts';
import { tell } from './output.ts';

/** What became of the lines. */
export interface Taken {
  accepted: number;
  skipped: number;
  readonly skippedBy: Map<string, number>;
  readonly rejected: { readonly line: number; readonly code: string; readonly message: string }[];
  /** Only when they were asked for. */
  readonly detections: Sent[];
}
export interface Sent {
  readonly id: string;
  readonly rule_id: string;
  readonly group_by: readonly { readonly path: string; readonly value: string }[];
}

/** The answer of the intake. */
interface Answer {
  readonly accepted?: number;
  readonly skipped: number;
  readonly skipped_by?: Readonly<Record<string, number>>;
  readonly rejected: Taken['rejected'];
  readonly detections?: readonly Sent[];
  readonly errors?: readonly { readonly detail?: string }[];
}

export interface Sending {
  /** A path, or - for the standard input. */
  readonly file: string;
  /** `auto` guesses it from what comes first. */
  readonly format: string;
  readonly ids: boolean;
}

/** Sends a file, or a pipe as it comes, batch by batch. */
export async function send(client: ApiClient, { file, format, ids }: Sending): Promise<Taken> {
  if (file === '-' && process.stdin.isTTY) tell('Reading from the terminal; end with Ctrl-D.');
  const taken: Taken = { accepted: 0, skipped: 0, skippedBy: new Map(), rejected: [], detections: [] };
  const source = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 256 * 1024 });
  let named = format === 'auto' ? undefined : format;
  try {
    for await (const { body, linesBefore } of batchesOf(reading(source, file))) {
      named ??= guessed(body);
      add(taken, await posted(client, { format: named, body, ids }), linesBefore);
    }
  } catch (error) {
    if (!(error instanceof Failure) || taken.accepted === 0) throw error;
    const before = `${taken.accepted} were accepted before; to send all of it again is safe.`;
    throw new Failure(error.exitCode, `${error.message}\n${before}`);
  } finally {
    source.destroy();
  }
  return taken;
}

async function* reading(source: Readable, file: string): AsyncIterable<Uint8Array> {
  try {
    for await (const chunk of source) yield chunk as Buffer;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Failure(exitCodes.notFound, `Cannot read ${file}: ${why}`);
  }
}

function guessed(body: Buffer): string {
  for (const entry of readLines(body)) {
    const format = entry.kind === 'value' ? guessFormat(entry.value) : undefined;
    if (format !== undefined) return format;
  }
  throw new Failure(
    exitCodes.usage,
    `Cannot tell the format. Name it with --format: ${detectors.map((detector) => detector.format).join(', ')}`,
  );
}

async function posted(
  client: ApiClient,
  { format, body, ids }: { readonly format: string; readonly body: Buffer; readonly ids: boolean },
): Promise<Answer> {
  const answer: JsonObject = await client.json(`/api/v2/detections/${encodeURIComponent(format)}`, {
    method: 'POST',
    body: new Uint8Array(body),
    headers: { 'content-type': 'application/x-ndjson' },
    query: { ids: ids ? '1' : undefined },
    also: [400],
  });
  return answer as unknown as Answer;
}

function add(taken: Taken, answer: Answer, linesBefore: number): void {
  if (answer.accepted === undefined)
    throw new Failure(exitCodes.usage, answer.errors?.[0]?.detail ?? 'Nothing was accepted.');
  taken.accepted += answer.accepted;
  taken.skipped += answer.skipped;
  for (const [kind, count] of Object.entries(answer.skipped_by ?? {}))
    taken.skippedBy.set(kind, (taken.skippedBy.get(kind) ?? 0) + count);
  for (const rejected of answer.rejected) taken.rejected.push({ ...rejected, line: linesBefore + rejected.line });
  for (const detection of answer.detections ?? []) taken.detections.push(detection);
}
