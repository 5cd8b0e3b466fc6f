export * from './finish.ts';
export * from './intake.ts';
export * from './json-reading.ts';
export * from './reading.ts';
export * from './registry.ts';
export * from './time-reading.ts';
