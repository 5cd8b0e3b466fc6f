import { type EventLogHarness, type OpenedEventLog, running } from '../event-log/harness.ts';
import type { Fault } from './fault.ts';
import { type Chaos, rough } from './simulated-list.ts';
import { SimulatedLog } from './simulated-log.ts';

const began = Date.UTC(2026, 0, 1);

/** The event log suite's way to the simulated log; a fault makes it an engine that must fail. */
export const simulatedHarness = ({
  runs = 60,
  chaos = rough,
  fault,
}: {
  readonly runs?: number;
  readonly chaos?: Chaos;
  readonly fault?: Fault;
} = {}): EventLogHarness => ({
  name: fault ? `simulated, with the fault ${fault}` : 'simulated',
  capabilities: {
    apart: true,
    atomicAppend: { reason: 'several partitions are written one after another, as on Kafka' },
  },
  runs,
  shrink: fault === undefined,
  open: (seed) => Promise.resolve(opened(seed, { chaos, ...(fault && { fault }), maxSteps: 200_000 })),
});

function opened(
  seed: number,
  options: { readonly chaos: Chaos; readonly fault?: Fault; readonly maxSteps: number },
): OpenedEventLog {
  let now = began;
  const log = new SimulatedLog({ seed, clock: () => now, ...options });
  return {
    log,
    now: () => now,
    advance: (ms) => {
      now += ms;
    },
    start: (processors) => running(log, processors),
    settled: () => log.settled(),
    crash: async () => log.kill(),
    interleaving: async (processors, partition) =>
      log.interleaving(
        processors.map(({ id }) => id),
        partition,
      ),
    states: async (processor, partition) => log.states(processor, partition),
    close: async () => log.close(),
  };
}
