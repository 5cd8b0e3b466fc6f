import type { Case } from '../suite.ts';
import { suiteOf } from '../suite.ts';
import type { EventLogCapability, EventLogHarness } from './harness.ts';
import { logCases } from './log-cases.ts';
import { propertyCases } from './property-cases.ts';
import { runCases } from './run-cases.ts';

/** Everything that an event log promises, as cases. */
export const eventLogCases: readonly Case<EventLogHarness, EventLogCapability>[] = [
  ...logCases,
  ...runCases,
  ...propertyCases,
];

/** Runs the cases on one engine. */
export const eventLogSuite = (harness: EventLogHarness): void => suiteOf('event log', harness, eventLogCases);
