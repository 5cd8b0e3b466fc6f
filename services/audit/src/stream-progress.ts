import { auditStreamOf, type Checkpoint, type Digest, genesisHash, linkOf, type SignedCheckpoint } from '@tocsin/core';
import { AuditAlarm } from './audit-alarm.ts';

/** How far one stream has been read, verified and attested. */
export class StreamProgress {
  readonly partition: number;
  readonly stream: string;
  /** The latest checkpoint. */
  last: SignedCheckpoint | undefined;
  #size = 0;
  #head = genesisHash;
  #offset = -1;
  #attestedOffset = 0;

  constructor(partition: number) {
    this.partition = partition;
    this.stream = auditStreamOf(partition);
  }

  get size(): number {
    return this.#size;
  }
  get head(): string {
    return this.#head;
  }
  /** Of the last record read. */
  get offset(): number {
    return this.#offset;
  }
  /** Of the last record attested. */
  get attestedOffset(): number {
    return this.#attestedOffset;
  }
  /** Records that no checkpoint attests yet. */
  get growth(): number {
    return this.#size - (this.last?.checkpoint.size ?? 0);
  }

  /** Throws `AuditAlarm` for a record that does not continue the chain. */
  advance({ text, offset }: { readonly text: string; readonly offset: number }, digest: Digest): void {
    const link = linkOf(text);
    if (link?.stream !== this.stream || link.seq !== this.#size || link.prevHash !== this.#head)
      throw new AuditAlarm(`${this.stream} seq ${this.#size} does not continue the chain: run \`tocsin audit verify\``);
    this.#size += 1;
    this.#head = digest.sha256(text);
    this.#offset = offset;
  }

  attestedBy(signed: SignedCheckpoint): void {
    this.last = signed;
    this.#attestedOffset = this.#offset;
  }

  /** Goes on after the record that a checkpoint attests, once it was found again. */
  resumeAt({ size, last_hash }: Checkpoint, offset: number): void {
    this.#size = size;
    this.#head = last_hash;
    this.#offset = offset;
    this.#attestedOffset = offset;
  }
}
