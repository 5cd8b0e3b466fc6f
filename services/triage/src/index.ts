export { triageProcessor } from './triage-processor.ts';
export type { FirstOutcome, TriageEntry } from './triage-entry.ts';
export { type TriageConfig, type TriagePorts, triageService } from './service.ts';
