import type { DetectionFlag, Severity } from '@tocsin/core';

const words: Readonly<Record<string, Severity>> = {
  debug: 'info',
  info: 'info',
  information: 'info',
  informational: 'info',
  notice: 'low',
  low: 'low',
  minor: 'low',
  warn: 'medium',
  warning: 'medium',
  medium: 'medium',
  moderate: 'medium',
  err: 'high',
  error: 'high',
  high: 'high',
  major: 'high',
  serious: 'high',
  alert: 'critical',
  crit: 'critical',
  critical: 'critical',
  emerg: 'critical',
  emergency: 'critical',
  fatal: 'critical',
};

/** The severity that a word of any source means; undefined for a word that nobody knows. */
export const severityOf = (word: string | undefined): Severity | undefined => {
  const key = word?.trim().toLowerCase() ?? '';
  return Object.hasOwn(words, key) ? words[key] : undefined;
};

/** What a draft says where a source gave no severity that anybody understands. */
export const assumedSeverity = {
  severity: 'medium',
  flags: ['severity_assumed'],
} as const satisfies { readonly severity: Severity; readonly flags: readonly DetectionFlag[] };

/** The two fields of a draft, from what may have been found. */
export const severityFields = (
  found: Severity | undefined,
): { readonly severity: Severity; readonly flags: readonly DetectionFlag[] } =>
  found ? { severity: found, flags: [] } : assumedSeverity;
