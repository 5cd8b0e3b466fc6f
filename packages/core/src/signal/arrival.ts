import type { Detection } from '../detection/detection.ts';
import type { Cause } from '../envelope.ts';
import type { Grouping } from './grouping.ts';
import type { Moment, Session } from './session.ts';
import type { Sample } from './snapshot.ts';

/** A detection that reached the builder and counts. */
export interface Arrival {
  readonly detection: Detection;
  /** The record that brought it. */
  readonly cause: Cause;
  readonly grouping: Grouping;
  readonly configVersion: number;
  readonly moment: Moment;
}

/** A signal shows the first few lines as they came. */
export const mostSamples = 8;
export const mostEntities = 64;
export const mostTags = 128;

export const sampleOf = ({ id, occurredAt, raw }: Detection): Sample => ({ detectionId: id, occurredAt, raw });

export const samplesFor = ({ samples }: Session, detection: Detection): readonly Sample[] =>
  samples < mostSamples ? [sampleOf(detection)] : [];
