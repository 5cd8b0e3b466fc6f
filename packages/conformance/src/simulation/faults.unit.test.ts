import { describe, expect, it } from 'vitest';
import { eventLogCases } from '../event-log/event-log-suite.ts';
import type { EventLogHarness } from '../event-log/harness.ts';
import { faults } from './fault.ts';
import { simulatedHarness } from './simulated-harness.ts';

/** The first case that fails on an engine. */
async function failing(harness: EventLogHarness): Promise<string | undefined> {
  for (const { name, needs, check } of eventLogCases) {
    if (needs !== undefined && harness.capabilities[needs] !== true) continue;
    const holds = await check(harness).then(
      () => true,
      () => false,
    );
    if (!holds) return name;
  }
  return undefined;
}

// A suite that never failed proves nothing: each mistake that an engine can make must make some case fail.
describe('the event log suite on a simulated log with a planted fault', () => {
  for (const fault of faults)
    it(`notices: ${fault}`, async () => {
      expect(await failing(simulatedHarness({ fault, runs: 150 }))).toBeDefined();
    });
});
