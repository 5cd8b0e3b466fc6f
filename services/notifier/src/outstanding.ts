import {
  type DeliveryAttempted,
  type DeliveryRequested,
  positionKey,
  type Positions,
  type Recorded,
} from '@tocsin/core';

/** An instruction that nobody has reported yet. */
export interface HeldInstruction {
  readonly partition: number;
  readonly offset: number;
  readonly deliveryId: string;
  readonly sink: string;
  readonly attempt: number;
  readonly lease: number;
  /** Absent when its sink has a long queue already: it is then read again from the log. */
  readonly event?: DeliveryRequested;
}
type Reported = Pick<DeliveryAttempted['data'], 'deliveryId' | 'attempt' | 'lease' | 'verdict'>;
type Place = Pick<HeldInstruction, 'partition' | 'offset'>;

/** Attempts at or after `attempts` are all that can report instructions at or after `deliveries`. */
interface Mark {
  readonly deliveries: number;
  readonly attempts: number;
}
interface Progress {
  deliveries: number;
  attempts: number;
  marks: Mark[];
}

/**
 * What the worker has read and nobody has reported, the newest lease of each delivery only, and from where a successor must
 * read to know the same. Texts are kept for the first instructions of each sink, so that a dead sink does not fill the memory.
 */
export class Outstanding {
  readonly #keptPerSink: number;
  readonly #held = new Map<string, HeldInstruction>();
  readonly #kept = new Map<string, number>();
  readonly #progress: readonly Progress[];
  readonly #shared: boolean;
  /** Reports of other workers about instructions that were not read here yet, with the offset of the instruction. */
  readonly #early = new Map<string, Reported & { readonly offset: number }>();

  /** `shared`: other workers carry out instructions, too. Then somebody has to say where the ends of the log are: `mark`. */
  constructor(about: {
    readonly partitions: number;
    readonly saved: Positions;
    readonly keptPerSink: number;
    readonly shared?: boolean;
  }) {
    this.#shared = about.shared ?? false;
    this.#keptPerSink = about.keptPerSink;
    this.#progress = Array.from({ length: about.partitions }, (_, partition) => {
      const deliveries = about.saved[positionKey('deliveries', partition)] ?? 0;
      const attempts = about.saved[positionKey('attempts', partition)] ?? 0;
      return { deliveries, attempts, marks: [{ deliveries, attempts }] };
    });
  }

  get size(): number {
    return this.#held.size;
  }
  all(): Iterable<HeldInstruction> {
    return this.#held.values();
  }

  /** A record of `deliveries`: what is to be done because of it, if anything. */
  read(record: Recorded): HeldInstruction | undefined {
    const progress = this.#of(record.partition);
    progress.deliveries = Math.max(progress.deliveries, record.offset + 1);
    const event = record.value as DeliveryRequested;
    return event.type === 'delivery.requested' ? this.#instructed(record, event) : undefined;
  }

  /** A report of any worker, as the log has it. */
  heard(record: Recorded): void {
    const { data, cause } = record.value as DeliveryAttempted;
    this.reported(data, record);
    const offset = cause?.offset ?? -1;
    if (offset >= this.#of(record.partition).deliveries) this.#early.set(data.deliveryId, { ...data, offset });
  }

  /** A record of `attempts`, or one that was just written there. */
  reported(about: Reported, at: { readonly partition: number; readonly offset: number }): void {
    const progress = this.#of(at.partition);
    progress.attempts = Math.max(progress.attempts, at.offset + 1);
    const held = this.#held.get(about.deliveryId);
    if (held && answers(about, held)) this.#drop(held);
  }

  /** A record of `deliveries` that was read once more for its text, which is kept where there is room for it. */
  fill(record: Recorded): void {
    const event = record.value as DeliveryRequested;
    const held = this.#held.get(event.data.deliveryId);
    if (!held || held.event || held.offset !== record.offset || held.partition !== record.partition) return;
    const kept = this.#kept.get(held.sink) ?? 0;
    if (kept >= this.#keptPerSink) return;
    this.#held.set(held.deliveryId, { ...held, event });
    this.#kept.set(held.sink, kept + 1);
  }

  /** The instruction, unless it was reported or replaced by a newer one meanwhile. */
  current(about: Pick<HeldInstruction, 'deliveryId' | 'attempt' | 'lease'>): HeldInstruction | undefined {
    const held = this.#held.get(about.deliveryId);
    return held?.attempt === about.attempt && held.lease === about.lease ? held : undefined;
  }

  /** Whether the instruction at this place was read. */
  hasRead({ partition, offset }: Place): boolean {
    return this.#of(partition).deliveries > offset;
  }

  /** From where to go on reading. */
  get next(): Positions {
    return Object.fromEntries(
      this.#progress.flatMap(({ deliveries, attempts }, partition) => [
        [positionKey('deliveries', partition), deliveries],
        [positionKey('attempts', partition), attempts],
      ]),
    );
  }

  /**
   * Ends of the log, those of `attempts` taken before those of `deliveries`: what is instructed from here on is reported from
   * there on. Only for shared ones: what a worker has read of `attempts` says nothing about those that are ahead of it.
   */
  mark(ends: Positions): void {
    this.#progress.forEach((progress, partition) => {
      const deliveries = ends[positionKey('deliveries', partition)] ?? 0;
      progress.marks.push({ deliveries, attempts: ends[positionKey('attempts', partition)] ?? 0 });
    });
  }

  /** From where a successor must read; nothing before it is needed again. */
  checkpoint(): Positions {
    const lows = this.#progress.map(({ deliveries }) => deliveries);
    for (const { partition, offset } of this.#held.values())
      lows[partition] = Math.min(lows[partition] ?? offset, offset);
    return Object.fromEntries(
      this.#progress.flatMap((progress, partition) => {
        const { deliveries, attempts } = progress;
        if (!this.#shared) progress.marks.push({ deliveries, attempts });
        const low = lows[partition] ?? 0;
        return [
          [positionKey('deliveries', partition), low],
          [positionKey('attempts', partition), attemptsFrom(progress, low)],
        ];
      }),
    );
  }

  #of(partition: number): Progress {
    const progress = this.#progress[partition];
    if (!progress) throw new Error(`partition ${partition} is not one of this log`);
    return progress;
  }

  #instructed({ partition, offset }: Recorded, event: DeliveryRequested): HeldInstruction | undefined {
    const { deliveryId, sink, attempt, lease } = event.data;
    const early = this.#early.get(deliveryId);
    if (early && early.offset <= offset) this.#early.delete(deliveryId);
    if (early && answers(early, { attempt, lease })) return undefined;
    const before = this.#held.get(deliveryId);
    if (before && !isNewer({ attempt, lease }, before)) return undefined;
    if (before) this.#drop(before);
    const kept = this.#kept.get(sink) ?? 0;
    const keep = kept < this.#keptPerSink;
    if (keep) this.#kept.set(sink, kept + 1);
    const held = { partition, offset, deliveryId, sink, attempt, lease, ...(keep && { event }) };
    this.#held.set(deliveryId, held);
    return held;
  }

  #drop({ deliveryId, sink, event }: HeldInstruction): void {
    this.#held.delete(deliveryId);
    if (!event) return;
    const kept = (this.#kept.get(sink) ?? 1) - 1;
    if (kept > 0) this.#kept.set(sink, kept);
    else this.#kept.delete(sink);
  }
}

type Turn = Pick<HeldInstruction, 'attempt' | 'lease'>;
const isNewer = (a: Turn, b: Turn): boolean => a.attempt > b.attempt || (a.attempt === b.attempt && a.lease > b.lease);

/** As the notifier judges it: delivered counts from any lease, all else from the newest one only. */
const answers = (about: Reported, held: Turn): boolean =>
  about.verdict === 'delivered'
    ? about.attempt <= held.attempt
    : about.attempt === held.attempt && about.lease === held.lease;

/** The latest mark at or before the low-water mark; later ones are kept for when it rises. */
function attemptsFrom(progress: Progress, low: number): number {
  const { marks } = progress;
  progress.marks = marks.slice(
    Math.max(
      marks.findLastIndex((mark) => mark.deliveries <= low),
      0,
    ),
  );
  // The first one is in use; without one of the others a successor only reads a little more.
  if (progress.marks.length > maxMarks) progress.marks.splice(1, 1);
  return progress.marks[0]?.attempts ?? 0;
}
const maxMarks = 1_000;
