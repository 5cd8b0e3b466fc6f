import process from 'node:process';
import { auditProcessor } from '@tocsin/audit';
import {
  type CheckReport,
  type OpenedEventLog,
  reportText,
  simulatedHarness,
  simulatePipeline,
  testCommandKeys,
} from '@tocsin/conformance';
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
const partitions = 4;
const triage = [triageProcessor({ signalIds: ids, commands: testCommandKeys, partitions }) as AnyProcessor];
const pipeline = [
  controlProcessor({ commands: testCommandKeys }) as AnyProcessor,
  signals,
  ...triage,
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
  { harness = simulatedHarness(), turns = 25 } = {},
): Promise<CheckReport> {
  const opened = await harness.open(seed);
  try {
    const report = await simulatePipeline(opened, { seed, lists, inputs, respond, ledger, turns });
    expect(report.clean, reportText(report)).toBe(true);
    return report;
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
const kept = [1, 2];

/** Short runs from a seed that is new each time; `TOCSIN_SEED` repeats one, and the long form has ten times as many. */
const first = Number(process.env.TOCSIN_SEED ?? Date.now() % 1_000_000_000);
const runs = process.env.TOCSIN_FAULTS === 'full' ? 1_000 : 100;

const layouts = {
  'all runs fused': [pipeline],
  'each service runs apart': pipeline.map((one) => [one]),
  'triage runs apart from the others': [pipeline.filter(({ id }) => id !== 'triage'), triage],
};

describe('the pipeline on the simulated log: four partitions, crashes, aborts, tasks that move, fenced zombies', () => {
  for (const [layout, lists] of Object.entries(layouts)) {
    it.each(kept)(`loses, repeats and tears nothing when ${layout} (seed %i)`, async (seed) => {
      const { balance } = await simulate(seed, lists);
      expect(balance.inSignals).toBeGreaterThan(50);
    });

    it(`loses, repeats and tears nothing when ${layout} (${runs} short runs)`, async () => {
      let inSignals = 0;
      for (let seed = first; seed < first + runs; seed += 1) {
        const report = await simulate(seed, lists, { turns: 4 }).catch((cause: unknown) => {
          throw new Error(`seed ${seed}, 4 turns, ${layout}`, { cause });
        });
        inSignals += report.balance.inSignals;
      }
      expect(inSignals).toBeGreaterThan(runs);
    }, 1_200_000);
  }

  // A simulation that never failed proves nothing.
  for (const fault of planted)
    it(`notices an engine with the fault ${fault}`, async () => {
      await expect(simulate(1, [pipeline], { harness: simulatedHarness({ fault }) })).rejects.toThrow();
    });
});
