import type { Json } from '../json.ts';
import type { Instant } from '../time.ts';
import type { Detection, DetectionFlag, SourceStatus } from './detection.ts';

/**
 * What a detector says of one parsed line. It leaves out id, org, receivedAt, raw and bounds: the shared finisher adds them
 * and cuts what is too long, once for all formats. Times are text or numbers as the source wrote them.
 */
export interface DetectionDraft
  extends Omit<
    Detection,
    'id' | 'org' | 'format' | 'occurredAt' | 'receivedAt' | 'raw' | 'flags' | 'sourceStatus' | 'rule' | 'sourceId'
  > {
  /** A missing id or name is derived from what is there, and flagged. */
  readonly rule: {
    readonly id?: string | undefined;
    readonly name?: string | undefined;
    readonly version?: string | undefined;
    readonly tags: readonly string[];
  };
  readonly sourceId?: string | undefined;
  readonly sourceStatus?: SourceStatus | undefined;
  /** As the source wrote it: ISO text with any fraction or zone, epoch seconds or milliseconds; absent where it has none. */
  readonly time: string | number | undefined;
  readonly flags?: readonly DetectionFlag[];
}

export type Mapped =
  | { readonly kind: 'detection'; readonly draft: DetectionDraft }
  /** One line that carries several detections (Alertmanager groups, Security Hub batches). */
  | { readonly kind: 'detections'; readonly drafts: readonly DetectionDraft[] }
  /** A line of the format that is not a detection; counted under `what`. */
  | { readonly kind: 'skipped'; readonly what: string }
  | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly message: string };

export const intakeRejections = [
  'invalid_json',
  'invalid_utf8',
  'not_an_object',
  'too_deep',
  'too_large',
  'number_out_of_range',
  'not_this_format',
] as const;
export type RejectionCode = (typeof intakeRejections)[number];

/**
 * One detection format: one folder. Pure; never throws on any JSON value. The format is always named by the sender; `claims`
 * serves only the command line's `--format auto`.
 */
export interface Detector {
  /** Name in URLs and headers: lower case, letters, digits and `-`. */
  readonly format: string;
  readonly title: string;
  /** How to send it here, in one or two sentences of Markdown. */
  readonly help: string;
  /** True when a line looks like this format and no other. */
  claims(line: Json): boolean;
  map(line: Json, context: { readonly receivedAt: Instant }): Mapped;
}
