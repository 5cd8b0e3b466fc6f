export { eventLogCases, eventLogSuite } from './event-log/event-log-suite.ts';
export { type EventLogHarness, type OpenedEventLog, type Running, running } from './event-log/harness.ts';
export { calm, type Chaos, rough } from './simulation/simulated-list.ts';
export { SimulatedLog, type SimulationOptions } from './simulation/simulated-log.ts';
export { Random } from './simulation/random.ts';
export type { Capability, Case } from './suite.ts';
