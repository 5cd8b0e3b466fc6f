import { auditProcessor } from '@tocsin/audit';
import { type OpenedEventLog, reportText, simulatedHarness, simulatePipeline } from '@tocsin/conformance';
import { controlProcessor } from '@tocsin/control';
import { type AnyProcessor, type Ledger, ledgerSum, SignalIds } from '@tocsin/core';
import { ledgerKey, signalsProcessor } from '@tocsin/ingest';
import { notifierProcessor } from '@tocsin/notifier';
import { nodeDigest as digest } from '@tocsin/runtime';
import { triageProcessor } from '@tocsin/triage';
import { describe, expect, it } from 'vitest';
import { inputs, respond, sinkTypes } from './outside-world.ts';

const ids = new SignalIds({ digest, secret: new TextEncoder().encode('a secret of this simulation only') });
const signals = signalsProcessor({ digest, ids }) as AnyProcessor;
const pipeline = [
  controlProcessor() as AnyProcessor,
  signals,
  triageProcessor({ signalIds: ids }) as AnyProcessor,
  notifierProcessor({ linkBase: 'https://tocsin.example', sinkTypes }) as AnyProcessor,
  auditProcessor({ digest, deadLetters: ['triage.dead', 'control.dead'] }),
];

async function ledger(opened: OpenedEventLog): Promise<Ledger> {
  const states = Array.from({ length: opened.log.partitions }, (_, partition) => opened.states(signals, partition));
  const ledgers = (await Promise.all(states)).map((state) => state.get(ledgerKey) as Ledger | undefined);
  return ledgerSum(ledgers.filter((one) => one !== undefined));
}

async function simulate(
  seed: number,
  lists: readonly (readonly AnyProcessor[])[],
  harness = simulatedHarness(),
): Promise<void> {
  const opened = await harness.open(seed);
  try {
    const report = await simulatePipeline(opened, { seed, lists, inputs, respond, ledger });
    expect(report.clean, `seed ${seed}\n${reportText(report)}`).toBe(true);
    expect(report.balance.inSignals).toBeGreaterThan(0);
  } finally {
    await opened.close();
  }
}

const planted = [
  'state-without-outputs',
  'outputs-without-state',
  'no-fencing',
  'read-uncommitted',
  'seq-not-restored',
] as const;

// A failing seed is kept here, so that it is run for ever.
const seeds = [1, 2, 3, 4];

describe('the pipeline on the simulated log: four partitions, crashes, aborts, tasks that move, fenced zombies', () => {
  for (const seed of seeds) {
    it(`loses, repeats and tears nothing when all runs fused (seed ${seed})`, () => simulate(seed, [pipeline]));
    it(`loses, repeats and tears nothing when each service runs apart (seed ${seed})`, () =>
      simulate(
        seed,
        pipeline.map((one) => [one]),
      ));
  }

  // A simulation that never failed proves nothing.
  for (const fault of planted)
    it(`notices an engine with the fault ${fault}`, async () => {
      await expect(simulate(1, [pipeline], simulatedHarness({ fault }))).rejects.toThrow();
    });
});
