export { type AppliedRules, applyRulesFile, type RulesFileSource } from './apply-rules-file.ts';
export { diffConfiguration } from './configuration-diff.ts';
export type { ControlEntry } from './control-entry.ts';
export { controlProcessor } from './control-processor.ts';
export type { CheckSinkConfig } from './cross-checks.ts';
export { type Problem, problemLine, RulesFileError } from './problem.ts';
export { parseRulesFile, type RulesFile, type WantedObject } from './rules-file.ts';
export { type ControlConfig, type ControlPorts, controlService } from './service.ts';
