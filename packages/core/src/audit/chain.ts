import type { Fault, FaultReason } from './fault.ts';
import type { Link } from './link.ts';
import { genesisHash } from './record.ts';

/** A record as it is handed to the verifier. */
export interface HashedLink extends Link {
  /** Over the bytes as they stand. */
  readonly hash: string;
  /** The hash that was stored beside the record, where there is one (exports). */
  readonly stored?: string | undefined;
}

/** What a checkpoint says: the first `size` records of the stream end in this hash. */
export interface Attestation {
  readonly size: number;
  readonly lastHash: string;
}

/** What is known of a stream once all its records have been pushed. */
export interface ChainResult {
  readonly stream: string;
  /** How many were pushed, after a fault too. */
  readonly records: number;
  /** Records that a checkpoint attests and that agree with it; the rest is only self-consistent. */
  readonly attested: number;
  /** Hash of the last good record. */
  readonly head: string;
  readonly fault?: Fault;
}

/** How far back a stray record is recognised as a repetition or a rival of one before. */
const remembered = 1024;

/** What the next record will decide: whether this one or the one before it was changed. */
type Doubt =
  | { readonly kind: 'link'; readonly hash: string }
  | { readonly kind: 'checkpoint'; readonly lastHash: string };

/**
 * Verifies one stream, a record at a time, in constant memory; names the first bad seq. From the records alone it finds every
 * edit, removal, insertion, repetition, reordering and splice, save in the last record and save a tail that was chained
 * anew or cut off: these need a checkpoint from outside the store, and are then found in the range since the checkpoint before.
 */
export class ChainVerifier {
  readonly #stream: string;
  readonly #attestations = new Map<number, string[]>();
  readonly #recent: string[] = [];
  #next = 0;
  #head = genesisHash;
  #attested = 0;
  #pushed = 0;
  #furthest = 0;
  #doubt: Doubt | undefined;
  #fault: Fault | undefined;

  constructor(stream: string, attestations: Iterable<Attestation> = []) {
    this.#stream = stream;
    for (const { size, lastHash } of attestations) {
      this.#attestations.set(size, [...(this.#attestations.get(size) ?? []), lastHash]);
      this.#furthest = Math.max(this.#furthest, size);
    }
  }

  get fault(): Fault | undefined {
    return this.#fault;
  }

  /** Undefined stands for a record that cannot be read. */
  push(link: HashedLink | undefined): void {
    this.#pushed += 1;
    if (this.#fault) return;
    if (this.#doubt) this.#settle(this.#doubt, link);
    if (!this.#fault && !this.#doubt) this.#examine(link);
  }

  finish(): ChainResult {
    if (!this.#fault && this.#doubt) this.#settleAtEnd(this.#doubt);
    if (!this.#fault && this.#furthest > this.#next) this.#blame('truncated', this.#next, this.#furthest - 1);
    return {
      stream: this.#stream,
      records: this.#pushed,
      attested: this.#attested,
      head: this.#head,
      ...(this.#fault && { fault: this.#fault }),
    };
  }

  #examine(link: HashedLink | undefined): void {
    if (!link) this.#blame('unreadable');
    else if (link.stored !== undefined && link.stored !== link.hash) this.#blame('edited');
    else if (link.stream !== this.#stream) this.#blame('foreign');
    else if (link.seq !== this.#next) this.#misplaced(link);
    else if (link.prevHash === this.#head) this.#accept(link.hash);
    else if (this.#attested === this.#next) this.#blame('broken_link');
    else this.#doubt = { kind: 'link', hash: link.hash };
  }

  #accept(hash: string): void {
    this.#recent[this.#next % remembered] = hash;
    this.#head = hash;
    this.#next += 1;
    const attested = this.#attestations.get(this.#next);
    if (!attested) return;
    const other = attested.find((lastHash) => lastHash !== hash);
    if (other === undefined) this.#attested = this.#next;
    else this.#doubt = { kind: 'checkpoint', lastHash: other };
  }

  /** The seq is not the next one. */
  #misplaced({ seq, prevHash, hash }: HashedLink): void {
    if (prevHash === this.#head) this.#blame('edited');
    else if (seq > this.#next) this.#blame('missing', this.#next, seq - 1);
    else if (this.#hashAt(seq) === hash) this.#blame('repeated');
    else if (this.#hashAt(seq - 1) === prevHash) this.#blame('inserted', seq);
    else this.#blame('out_of_place');
  }

  #settle(doubt: Doubt, next: HashedLink | undefined): void {
    this.#doubt = undefined;
    const last = this.#next - 1;
    if (doubt.kind === 'checkpoint') {
      // What the checkpoint attests comes after it: this one was put before it.
      if (next?.hash === doubt.lastHash) this.#blame('inserted', last);
      // The record after it continues what the checkpoint attests: only the one before was changed.
      else if (next?.seq === this.#next && next.prevHash === doubt.lastHash) this.#blame('edited', last);
      else this.#blame('rewritten', this.#attested, last);
    }
    // The record after it knows the one in doubt as it stands, so the one before it was changed.
    else if (next?.seq === this.#next + 1 && next.prevHash === doubt.hash) this.#blame('edited', last);
    else this.#blame('broken_link');
  }

  #settleAtEnd(doubt: Doubt): void {
    this.#doubt = undefined;
    const last = this.#next - 1;
    const attested = this.#attestations.get(this.#next + 1);
    if (doubt.kind === 'checkpoint') this.#blame('rewritten', this.#attested, last);
    else if (!attested) this.#blame('edited', last, this.#next);
    else if (attested.includes(doubt.hash)) this.#blame('edited', last);
    else this.#blame('broken_link');
  }

  #hashAt(seq: number): string | undefined {
    if (seq === -1) return genesisHash;
    return seq < this.#next && seq >= this.#next - remembered ? this.#recent[seq % remembered] : undefined;
  }

  #blame(reason: FaultReason, seq = this.#next, until = seq): void {
    this.#fault = { stream: this.#stream, seq, ...(until !== seq && { until }), reason };
  }
}
