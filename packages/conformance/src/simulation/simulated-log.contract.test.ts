import { eventLogSuite } from '../event-log/event-log-suite.ts';
import { simulatedHarness } from './simulated-harness.ts';

eventLogSuite(simulatedHarness());
