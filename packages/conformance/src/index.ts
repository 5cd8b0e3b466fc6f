export { eventLogCases, eventLogSuite } from './event-log/event-log-suite.ts';
export { type EventLogHarness, type OpenedEventLog, type Running, running } from './event-log/harness.ts';
export { calm, type Chaos, rough } from './simulation/simulated-list.ts';
export { SimulatedLog, type SimulationOptions } from './simulation/simulated-log.ts';
export { Random } from './simulation/random.ts';
export type { Capability, Case } from './suite.ts';
export { type Fault, type ReceivedRequest, type ReceiverOptions, RecordingReceiver } from './recording-receiver.ts';
export {
  type ReceiverProcess,
  type ReceiverSettings,
  type ReportedRequest,
  startReceiverProcess,
} from './recording-receiver-process.ts';
export type { JobQueueHarness, OpenedJobQueue } from './job-queue/harness.ts';
export { jobQueueCases, jobQueueSuite } from './job-queue/job-queue-suite.ts';
export { type History, type HistoryAbout, historyOf, openedOf } from './read-model/history.ts';
export {
  type OpenedProjection,
  type ProjectionHarness,
  projectionCases,
  projectionSuite,
} from './read-model/projection-suite.ts';
export {
  type OpenedReadModel,
  type ReadModelHarness,
  readModelCases,
  readModelSuite,
} from './read-model/read-model-suite.ts';
export { sinkSuite, type SinkSuiteParts } from './sink-suite.ts';
export { type Checked, type CheckReport, checkPipeline, readAll, reportText } from './checker/checker.ts';
export { type FaultKind, type Finding, faultKinds } from './checker/finding.ts';
export { type Moment, type PipelineSimulation, simulatePipeline } from './pipeline/pipeline-simulation.ts';
export { testCommandKeys } from './pipeline/test-command-keys.ts';
export { simulatedHarness } from './simulation/simulated-harness.ts';
export { type OpenedQueryStore, queryCases, type QueryHarness, querySuite } from './query/query-suite.ts';
export { randomQuery } from './query/random-queries.ts';
export { searchedSignal } from './query/searched-signals.ts';
