import type { Digest } from '../digest.ts';
import { type Attestation, ChainVerifier, type ChainResult } from './chain.ts';
import { type CheckpointsRead, readCheckpoints, type VerifySignature } from './checkpoint.ts';
import type { Fault } from './fault.ts';
import { type Link, linkOf } from './link.ts';
import { type AuditVerification, verificationOf } from './verification.ts';

/**
 * The export: NDJSON, one section a stream in their order. First line, then for each stream its name, its checkpoints, its
 * records; then the counts. A record line is `{"hash":"<64 hex>","record":<canonical text>}`: cut from character 84 to the last brace,
 * the stored bytes are there verbatim, and nobody has to serialise anything to verify them.
 */
export const exportHeader = '{"format":"tocsin-audit-export","version":1}';
export const exportSection = (stream: string): string => `{"stream":"${stream}"}`;
export const exportRecord = (hash: string, text: string): string => `{"hash":"${hash}","record":${text}}`;
export const exportEnd = (streams: number, records: number): string =>
  `{"end":{"records":${records},"streams":${streams}}}`;

const head = /^\{"hash":"([0-9a-f]{64})","record":$/;
const headLength = 84;
/** Enough for what `linkOf` looks at. */
const tailLength = 700;
const section = /^\{"stream":"audit-(0|[1-9]\d{0,8})"\}$/;
const frameLength = 4096;
/** Stands for the place that a damaged record does not tell. */
const nowhere: Link = { stream: '', seq: -1, prevHash: '' };

/** A line of an export, however it is held. Only ASCII is looked at as text, so bytes may be decoded as Latin-1. */
export interface ExportLine {
  readonly length: number;
  text(from: number, to: number): string;
  /** SHA-256, hex, over the bytes of a part. */
  sha256(from: number, to: number): string;
}

/** A line that is held as text. */
export const textLine = (line: string, digest: Digest): ExportLine => ({
  length: line.length,
  text: (from, to) => line.slice(from, to),
  sha256: (from, to) => digest.sha256(line.slice(from, to)),
});

export interface ExportCheck {
  readonly digest: Digest;
  /** Absent: signatures are not checked. */
  readonly verify?: VerifySignature | undefined;
  /** Checkpoint lines from outside, in any selection. */
  readonly checkpoints?: Iterable<string> | undefined;
}

/** Verifies an export line by line; memory grows with the checkpoints only. */
export class ExportVerifier {
  readonly #check: ExportCheck;
  readonly #outside: CheckpointsRead;
  readonly #streams: ChainResult[] = [];
  readonly #faults: Fault[] = [];
  #lines = 0;
  #records = 0;
  #checkpoints = 0;
  #stream: string | undefined;
  #inside: string[] = [];
  #chain: ChainVerifier | undefined;
  #ended = false;

  constructor(check: ExportCheck) {
    this.#check = check;
    this.#outside = readCheckpoints(check.checkpoints ?? [], { ...this.#keys, whole: false });
    this.#faults.push(...this.#outside.faults);
  }

  push(line: ExportLine): void {
    this.#lines += 1;
    const opening = line.text(0, headLength);
    const stored = head.exec(opening)?.[1];
    if (this.#ended) this.#damaged();
    else if (this.#lines === 1) {
      if (opening !== exportHeader) this.#damaged();
    } else if (stored !== undefined) this.#record(line, stored);
    else this.#framed(line.length > frameLength ? '' : line.text(0, line.length));
  }

  finish(): AuditVerification {
    this.#close();
    if (!this.#ended) this.#damaged();
    return verificationOf({
      streams: this.#streams,
      attested: this.#outside.byStream,
      otherFaults: this.#faults,
      checkpoints: this.#checkpoints + this.#outside.count,
      signatures: this.#check.verify ? 'verified' : 'unverified',
    });
  }

  get #keys(): { readonly verify: VerifySignature | undefined; readonly digest: Digest } {
    return { verify: this.#check.verify, digest: this.#check.digest };
  }

  #record(line: ExportLine, stored: string): void {
    this.#records += 1;
    const { length } = line;
    const tail = line.text(Math.max(headLength, length - tailLength), length);
    const link = tail.endsWith('}}')
      ? (linkOf(tail.slice(0, -1)) ?? linkOf(line.text(headLength, length - 1)))
      : undefined;
    const hash = line.sha256(headLength, length - 1);
    if (link) this.#pushed({ ...link, hash, stored });
    else this.#pushed(hash === stored ? undefined : { ...nowhere, hash, stored });
  }

  #pushed(link: Parameters<ChainVerifier['push']>[0]): void {
    if (this.#stream === undefined) this.#damaged();
    else this.#opened(this.#stream).push(link);
  }

  /** A line that is no record. */
  #framed(text: string): void {
    const stream = section.exec(text)?.[1];
    if (stream !== undefined) this.#begin(`audit-${stream}`);
    else if (text.startsWith('{"checkpoint":') && this.#stream !== undefined && !this.#chain) this.#inside.push(text);
    else if (text.startsWith('{"end":')) this.#end(text);
    else this.#pushed(undefined);
  }

  #begin(stream: string): void {
    this.#close();
    if (stream !== `audit-${this.#streams.length}`) this.#damaged();
    this.#stream = stream;
  }

  #end(text: string): void {
    this.#close();
    this.#ended = true;
    if (text !== exportEnd(this.#streams.length, this.#records)) this.#damaged();
  }

  #opened(stream: string): ChainVerifier {
    if (this.#chain) return this.#chain;
    const { byStream, count, faults } = readCheckpoints(this.#inside, { ...this.#keys, whole: true });
    this.#checkpoints += count;
    this.#faults.push(...faults, ...strangers(byStream, stream));
    this.#chain = new ChainVerifier(stream, [
      ...(byStream.get(stream) ?? []),
      ...(this.#outside.byStream.get(stream) ?? []),
    ]);
    return this.#chain;
  }

  #close(): void {
    if (this.#stream === undefined) return;
    this.#streams.push(this.#opened(this.#stream).finish());
    this.#stream = undefined;
    this.#chain = undefined;
    this.#inside = [];
  }

  #damaged(): void {
    this.#faults.push({ stream: 'export', seq: this.#records, reason: 'export_damaged' });
  }
}

/** Checkpoints of another stream in the section of this one. */
const strangers = (byStream: ReadonlyMap<string, readonly Attestation[]>, stream: string): readonly Fault[] =>
  [...byStream.keys()]
    .filter((other) => other !== stream)
    .map((other) => ({ stream: other, seq: (byStream.get(other)?.[0]?.size ?? 1) - 1, reason: 'checkpoint_chain' }));
