import { createHash, createHmac } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { type Digest, type Json, type JsonObject, isJsonObject } from '@tocsin/core';
import { detectors, type Intake, intake, readLines } from '../src/index.ts';

export const digest: Digest = {
  sha256: (data) => createHash('sha256').update(data).digest('hex'),
  hmacSha256: (key, data) => createHmac('sha256', key).update(data).digest('hex'),
};

/** When all samples are received: a day after the times that are written in them. */
export const receivedAt = Date.UTC(2026, 2, 15, 12);

export const read = (format: string, body: Uint8Array | string): Intake =>
  intake({ format, body: typeof body === 'string' ? bytesOf(body) : body, org: 'default', receivedAt, digest });
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export interface Sample {
  readonly format: string;
  readonly name: string;
  readonly body: Uint8Array;
  readonly expectedFile: string;
}

const source = join(import.meta.dirname, '..', 'src');
const foldersWithSamples = detectors.map(({ format }) => format);

/** The samples of every folder, written by us. */
export const samples: readonly Sample[] = foldersWithSamples.flatMap((format) => {
  const folder = join(source, format, 'samples');
  return (existsSync(folder) ? readdirSync(folder) : [])
    .filter((file) => /\.(json|ndjson)$/.test(file) && !file.endsWith('.expected.json'))
    .sort()
    .map((file) => ({
      format,
      name: `${format}/${file}`,
      body: readFileSync(join(folder, file)),
      expectedFile: join(folder, file.replace(/\.(json|ndjson)$/, '.expected.json')),
    }));
});

/** The objects in a body, frozen, so that a detector that writes to its input is found out. */
export const objectsIn = (body: Uint8Array): readonly JsonObject[] =>
  [...readLines(body)].flatMap((entry) => (entry.kind === 'value' ? [deepFreeze(entry.value)] : []));

export function deepFreeze<T extends Json>(value: T): T {
  if (Array.isArray(value)) value.forEach(deepFreeze);
  else if (isJsonObject(value)) Object.values(value).forEach(deepFreeze);
  return Object.freeze(value);
}

/** What is recorded of a mapping: everything but what only repeats the input. */
export const recordOf = ({ detections, skipped, rejected }: Intake): Json => ({
  detections: detections.map(({ raw, org, format, receivedAt: _received, ...said }) => said as unknown as JsonObject),
  skipped: Object.fromEntries(skipped),
  rejected: rejected.map(({ bytes, ...said }) => ({ ...said, bytes: new TextDecoder().decode(bytes) })),
});

/** The recorded mapping. With TOCSIN_RECORD=1 a missing record is written, to be read before it is committed. */
export function expectedOf(sample: Sample, actual: Json): Json {
  if (!existsSync(sample.expectedFile) && process.env.TOCSIN_RECORD === '1')
    writeFileSync(sample.expectedFile, `${JSON.stringify(actual, null, 2)}\n`);
  return JSON.parse(readFileSync(sample.expectedFile, 'utf8'));
}
