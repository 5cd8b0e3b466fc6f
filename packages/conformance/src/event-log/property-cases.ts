import fc from 'fast-check';
import type { AnyProcessor } from '@tocsin/core';
import { expectFolded } from './comparison.ts';
import type { EventLogCase, EventLogHarness, OpenedEventLog } from './harness.ts';
import { type Op, play, processorsOf, script, specs } from './script.ts';

const seed = fc.integer({ min: 1, max: 0x7fff_ffff });

/** A property over random processors, histories and engine seeds. fast-check prints the seed of a failure and shrinks it. */
async function always(
  harness: EventLogHarness,
  holds: (
    opened: OpenedEventLog,
    drawn: { readonly list: readonly AnyProcessor[]; readonly ops: readonly Op[] },
  ) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(specs, script, seed, async (specs, ops, seed) => {
      const opened = await harness.open(seed);
      try {
        await holds(opened, { list: processorsOf(specs), ops });
      } finally {
        await opened.close();
      }
    }),
    {
      numRuns: harness.runs,
      endOnFailure: harness.shrink === false,
      interruptAfterTimeLimit: 45_000,
      markInterruptAsFailure: false,
    },
  );
}

/** State, outputs and positions against the oracle. */
export const propertyCases: readonly EventLogCase[] = [
  {
    name: 'a fused list commits what the fold of its records says, whatever crashes',
    check: (harness) =>
      always(harness, async (opened, { list, ops }) => {
        await play(opened, [list], ops);
        await expectFolded(opened, list);
      }),
  },
  {
    name: 'lists that run apart each commit what the fold of their records says',
    needs: 'apart',
    check: (harness) =>
      always(harness, async (opened, { list, ops }) => {
        const lists = list.map((processor) => [processor]);
        await play(opened, lists, ops);
        for (const one of lists) await expectFolded(opened, one);
      }),
  },
];
