export { triageProcessor } from './triage-processor.ts';
export type { FirstOutcome, TriageEntry } from './triage-entry.ts';
