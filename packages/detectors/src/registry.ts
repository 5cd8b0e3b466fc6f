import type { Detector, Json } from '@tocsin/core';
import { detectors as generated } from './detectors.gen.ts';

/** Every detection format; the folders are the registry. */
export const detectors: readonly Detector[] = generated;

const byFormat = new Map(detectors.map((detector) => [detector.format, detector]));

/** The detector of a format, or undefined for a name that nobody knows. */
export const detectorFor = (format: string): Detector | undefined => byFormat.get(format);

/** The one format that claims a line; undefined when none or several do. Only for `--format auto`. */
export function guessFormat(line: Json): string | undefined {
  const claiming = detectors.filter((detector) => detector.claims(line));
  return claiming.length === 1 ? claiming[0]?.format : undefined;
}
