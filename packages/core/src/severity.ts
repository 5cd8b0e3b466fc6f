export const severities = ['info', 'low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof severities)[number];

/** 0 for info … 4 for critical; the integer that templates print. */
export const rankOf = (severity: Severity): number => severities.indexOf(severity);
export const highest = (a: Severity, b: Severity): Severity => (rankOf(a) >= rankOf(b) ? a : b);
