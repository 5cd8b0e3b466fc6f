import { hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type AuditVerification, type ExportLine, ExportVerifier } from '@tocsin/core';
import { nodeDigest, signaturesOf } from '@tocsin/runtime';

export interface VerifyExportOptions {
  /** PEM text of the public keys, from a source that the auditor trusts. Without it signatures are not checked. */
  readonly publicKey?: string | undefined;
  /** Checkpoints kept outside the log: the text of `checkpoints.ndjson`, or any lines of it. */
  readonly checkpoints?: string | undefined;
}

/** A longer line is no record of ours. */
const longestLine = 16 * 1024 * 1024;
const lineBreak = 10;

/**
 * Verifies an export, from a file or a stream, needing nothing else: no server, no log. Memory stays flat; about as fast as SHA-256
 * allows. A fault is a result; it throws only when the source cannot be read or the public key is none.
 */
export async function verifyExport(
  source: string | AsyncIterable<Uint8Array | string>,
  { publicKey, checkpoints }: VerifyExportOptions = {},
): Promise<AuditVerification> {
  const verifier = new ExportVerifier({
    digest: nodeDigest,
    verify: publicKey === undefined ? undefined : signaturesOf(publicKey),
    checkpoints: checkpoints?.split('\n').filter((line) => line !== ''),
  });
  const chunks = typeof source === 'string' ? createReadStream(source, { highWaterMark: 1024 * 1024 }) : source;
  const line = new BytesLine();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks as AsyncIterable<Uint8Array | string>) {
    const bytes = bufferOf(chunk);
    rest = eachLine(rest.length > 0 ? Buffer.concat([rest, bytes]) : bytes, (from) => verifier.push(line.of(from)));
    if (rest.length > longestLine) rest = rest.subarray(0, longestLine);
  }
  if (rest.length > 0) verifier.push(line.of(rest));
  return verifier.finish();
}

const bufferOf = (chunk: Uint8Array | string): Buffer =>
  typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);

/** Returns what comes after the last line break. */
function eachLine(bytes: Buffer, take: (line: Buffer) => void): Buffer {
  let start = 0;
  for (let end = bytes.indexOf(lineBreak); end >= 0; end = bytes.indexOf(lineBreak, start)) {
    take(bytes.subarray(start, end));
    start = end + 1;
  }
  return bytes.subarray(start);
}

/** One line as bytes; the object is used again for the next. */
class BytesLine implements ExportLine {
  #bytes: Buffer = Buffer.alloc(0);

  of(bytes: Buffer): this {
    this.#bytes = bytes;
    return this;
  }
  get length(): number {
    return this.#bytes.length;
  }
  text(from: number, to: number): string {
    return this.#bytes.toString('latin1', from, to);
  }
  sha256(from: number, to: number): string {
    return hash('sha256', this.#bytes.subarray(from, to), 'hex');
  }
}
