import { contentFields, sourceStatuses } from '../detection/detection.ts';
import { field, type ValueOf } from '../field.ts';
import { sizes } from '../topics.ts';

export const signalFlags = ['late'] as const;

export const windowFields = {
  keepAlive: field.duration(),
  maxDuration: field.duration(),
};
/** Copied from the rule when the signal opens. */
export type Windows = ValueOf<typeof windowFields>;

export const sampleFields = {
  detectionId: field.text({ max: 128 }),
  occurredAt: field.instant(),
  raw: field.text({ max: sizes.sample }),
};
export type Sample = ValueOf<typeof sampleFields>;

/** Everything about a signal but its triage, as of one revision. */
export const snapshotFields = {
  id: field.text({ min: 1, max: 64 }),
  org: field.text({ min: 1, max: 64 }),
  /** Gapless from 1; counts what the pipeline changed, triage apart. */
  revision: field.count(),
  /** `recordedAt` of the opening; immutable; the lock counts from here. */
  createdAt: field.instant(),
  firstSeen: field.instant(),
  lastSeen: field.instant(),
  /** Detections that it has absorbed. */
  count: field.count(),
  ...contentFields,
  sourceStatus: field.oneOf('SourceStatus', sourceStatuses),
  /** Opened behind the watermark by more than the allowed lateness. */
  late: field.flag(),
  windows: field.object('Windows', windowFields),
  samples: field.list(field.object('Sample', sampleFields), { max: 8 }),
  /** Version of the configuration that decided grouping and windows. */
  configVersion: field.integer(),
};
export type SignalSnapshot = ValueOf<typeof snapshotFields>;

/** Old texts first, each once. */
export const mergedTexts = <T extends string>(old: readonly T[], more: readonly T[], max: number): readonly T[] =>
  more.length === 0 ? old : [...new Set([...old, ...more])].slice(0, max);

/** The first few stay: they show how it began. */
export const keepSamples = (samples: readonly Sample[]): readonly Sample[] => samples.slice(0, 8);
