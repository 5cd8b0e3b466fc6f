import type { Detection, DetectionDraft, Digest, Instant, Mapped, RejectionCode } from '@tocsin/core';
import { type FinishContext, finish } from './finish.ts';
import { countValues, type Entry, readLines } from './reading.ts';
import { detectorFor, detectors } from './registry.ts';

export interface IntakeInput {
  /** Name of a format. With an unknown name every line is rejected; ask `detectorFor` first to answer 404. */
  readonly format: string;
  /** One JSON object, an array of objects, or lines of JSON. */
  readonly body: Uint8Array;
  readonly org: string;
  readonly receivedAt: Instant;
  readonly digest: Digest;
}

export interface RejectedLine {
  /** From 1; in an array the number of the element. */
  readonly line: number;
  readonly code: RejectionCode;
  /** One sentence for the sender, at most 300 characters. */
  readonly message: string;
  /** Byte inside the line, from 0, where that is known. */
  readonly position?: number;
  /** The input, byte for byte: a view into the body. */
  readonly bytes: Uint8Array;
}

export interface Intake {
  readonly detections: readonly Detection[];
  /** How many lines were of the format, but no detections, by kind. */
  readonly skipped: ReadonlyMap<string, number>;
  readonly rejected: readonly RejectedLine[];
}

/**
 * Reads a body in one format. Every value of it ends as detections, as skipped or as rejected; nothing is lost and nothing
 * throws. Pure: the same body gives the same detections.
 */
export function intake(input: IntakeInput): Intake {
  const [whole = nothing] = intakeInSlices(input, Number.POSITIVE_INFINITY);
  return whole;
}
const nothing: Intake = { detections: [], skipped: new Map(), rejected: [] };

/**
 * The same in slices that end once they hold so many detections and other values of the body, so that whoever takes a long one can store it bit by bit and do other
 * things in between. At least one slice, however empty.
 */
export function* intakeInSlices(input: IntakeInput, values: number): Generator<Intake> {
  let slice = new Slice();
  let left = values;
  for (const entry of readLines(input.body)) {
    if (left <= 0) {
      yield slice;
      slice = new Slice();
      left = values;
    }
    const fate = fateOf(entry, input);
    slice.take(fate);
    left -= fate.kind === 'detections' ? Math.max(1, fate.detections.length) : 1;
  }
  yield slice;
}

class Slice implements Intake {
  readonly detections: Detection[] = [];
  readonly skipped = new Map<string, number>();
  readonly rejected: RejectedLine[] = [];

  take(fate: Fate): void {
    if (fate.kind === 'detections') for (const detection of fate.detections) this.detections.push(detection);
    else if (fate.kind === 'skipped') this.skipped.set(fate.what, (this.skipped.get(fate.what) ?? 0) + 1);
    else this.rejected.push(fate.line);
  }
}

/** True when a body may hold more values than that: counted before anything is read, so that it can be refused as a whole. */
export function holdsMoreThan(body: Uint8Array, values: number): boolean {
  // A value takes a byte and a separator.
  return body.length >= 2 * values && countValues(body, values) > values;
}

type Fate =
  | { readonly kind: 'detections'; readonly detections: readonly Detection[] }
  | { readonly kind: 'skipped'; readonly what: string }
  | { readonly kind: 'rejected'; readonly line: RejectedLine };

function fateOf(entry: Entry, input: IntakeInput): Fate {
  if (entry.kind === 'unreadable') return refused(entry, entry.code, entry.message, entry.position);
  const detector = detectorFor(input.format);
  if (!detector) return refused(entry, 'not_this_format', `Unknown format; known are ${knownFormats()}`);
  try {
    return fateOfMapped(detector.map(entry.value, { receivedAt: input.receivedAt }), entry, input);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return refused(entry, 'not_this_format', `The ${input.format} detector failed on this line: ${reason}`);
  }
}

/** A line of a few bytes an element must not become a load that its length does not tell of. */
const maxDetectionsPerLine = 10_000;
const tooManyIn = (count: number): string =>
  `The line holds ${count} detections, more than ${maxDetectionsPerLine}: split it into several lines or requests`;

type ReadEntry = Extract<Entry, { kind: 'value' }>;

function fateOfMapped(mapped: Mapped, entry: ReadEntry, input: IntakeInput): Fate {
  switch (mapped.kind) {
    case 'detection':
      return { kind: 'detections', detections: [finish(mapped.draft, contextOf(entry, input, false))] };
    case 'detections':
      if (mapped.drafts.length > maxDetectionsPerLine)
        return refused(entry, 'too_large', tooManyIn(mapped.drafts.length));
      return { kind: 'detections', detections: finishAll(mapped.drafts, contextOf(entry, input, true)) };
    case 'skipped':
      return { kind: 'skipped', what: mapped.what.slice(0, 64) };
    case 'rejected':
      return refused(entry, mapped.code, mapped.message);
    default:
      return mapped satisfies never;
  }
}

const finishAll = (drafts: readonly DetectionDraft[], context: FinishContext): readonly Detection[] =>
  drafts.map((draft) => finish(draft, context));

const contextOf = (entry: ReadEntry, input: IntakeInput, several: boolean): FinishContext => ({
  org: input.org,
  format: input.format,
  receivedAt: input.receivedAt,
  digest: input.digest,
  bytes: entry.bytes,
  text: entry.text,
  displaced: entry.displaced,
  several,
});

function refused({ line, bytes }: Entry, code: RejectionCode, message: string, position?: number): Fate {
  const said = message.slice(0, 300);
  return {
    kind: 'rejected',
    line: { line, bytes, code, message: said, ...(position !== undefined && { position }) },
  };
}

const knownFormats = (): string => detectors.map(({ format }) => format).join(', ');
