import { suiteOf } from '../suite.ts';
import type { EventLogCase, EventLogHarness } from './harness.ts';
import { appendCases } from './append-cases.ts';
import { propertyCases } from './property-cases.ts';
import { readCases } from './read-cases.ts';
import { restartCases } from './restart-cases.ts';
import { stopCases } from './stop-cases.ts';
import { wakeCases } from './wake-cases.ts';

/** Everything that an event log promises, as cases. */
export const eventLogCases: readonly EventLogCase[] = [
  ...appendCases,
  ...readCases,
  ...wakeCases,
  ...stopCases,
  ...restartCases,
  ...propertyCases,
];

/** Runs the cases on one engine. */
export const eventLogSuite = (harness: EventLogHarness): void => suiteOf('event log', harness, eventLogCases);
