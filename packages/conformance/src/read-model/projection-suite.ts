import type { Projection, Recorded } from '@tocsin/core';
import { expect } from 'vitest';
import { type Capability, type Case, suiteOf } from '../suite.ts';
import { after, applyAll, mixed } from './batches.ts';
import { historyOf } from './history.ts';

/** How the suite gets at one projection over `signals`, `triage-events` and `audit`. */
export interface ProjectionHarness {
  readonly name: string;
  readonly capabilities: Readonly<Record<never, Capability>>;
  /** An empty store. The suite has one open at a time. */
  open(): Promise<OpenedProjection>;
}

export interface OpenedProjection {
  /** Another object after `reopen`. */
  readonly projection: Projection;
  /** Everything that can be read from the store, in a form that can be compared. */
  content(): Promise<unknown>;
  /** The process ends without clean-up; another one opens the same store. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

type ProjectionCase = Case<ProjectionHarness>;

async function withStore(harness: ProjectionHarness, use: (opened: OpenedProjection) => Promise<void>): Promise<void> {
  const opened = await harness.open();
  try {
    await use(opened);
  } finally {
    await opened.close();
  }
}

const { records } = historyOf({ seed: 11, signals: 12 });
const half = Math.floor(records.length / 2);

const positions: readonly ProjectionCase[] = [
  {
    name: 'an empty store stands at the beginning; afterwards it stands where the last batch ended',
    check: (harness) =>
      withStore(harness, async (opened) => {
        expect(await opened.projection.positions()).toEqual({});
        const end = await applyAll(opened.projection, records);
        expect(await opened.projection.positions()).toEqual(end);
        await opened.reopen();
        expect(await opened.projection.positions()).toEqual(end);
      }),
  },
  {
    name: 'positions may move without records, over what a reader passed',
    check: (harness) =>
      withStore(harness, async ({ projection }) => {
        expect(await projection.apply([], {}, { 'signals/0': 5 })).toBe('applied');
        expect(await projection.positions()).toEqual({ 'signals/0': 5 });
      }),
  },
  {
    name: 'a batch from other positions than the stored ones is not applied',
    check: (harness) =>
      withStore(harness, async (opened) => {
        const batch = records.slice(0, half);
        const end = after({}, batch);
        await opened.projection.apply(batch, {}, end);
        const before = await opened.content();
        for (const from of [{}, { ...end, 'signals/0': 1 }, { ...end, 'signals/9': 3 }])
          expect(await opened.projection.apply(records.slice(half), from, after(from, records))).toBe('moved');
        expect(await opened.projection.positions()).toEqual(end);
        expect(await opened.content()).toEqual(before);
      }),
  },
  {
    name: 'of several instances that apply the same batch at once, exactly one does',
    check: async (harness) => {
      const expected = await contentOf(harness, records);
      await withStore(harness, async (opened) => {
        const to = after({}, records);
        const answers = await Promise.all(
          Array.from({ length: 4 }, () => opened.projection.apply(records, {}, to).catch(() => 'moved' as const)),
        );
        expect(answers.filter((answer) => answer === 'applied')).toHaveLength(1);
        expect(await opened.content()).toEqual(expected);
      });
    },
  },
];

const contents: readonly ProjectionCase[] = [
  {
    name: 'a record that was applied before changes nothing',
    check: (harness) =>
      withStore(harness, async (opened) => {
        const from = await applyAll(opened.projection, records);
        const before = await opened.content();
        expect(await opened.projection.apply(records.slice(3, half), from, from)).toBe('applied');
        expect(await opened.content()).toEqual(before);
      }),
  },
  {
    name: 'a batch that fails leaves neither rows nor positions behind',
    check: async (harness) => {
      const expected = await contentOf(harness, records);
      await withStore(harness, async (opened) => {
        const from = await applyAll(opened.projection, records.slice(0, half));
        const before = await opened.content();
        const rest = records.slice(half);
        const broken: Recorded = {
          topic: 'audit',
          partition: 0,
          offset: 100_000,
          seq: 100_000,
          key: 'x',
          value: 'no JSON',
          recordedAt: 0,
        };
        await expect(
          opened.projection.apply([...rest, broken], from, after(from, [...rest, broken])),
        ).rejects.toThrow();
        await opened.reopen();
        expect(await opened.projection.positions()).toEqual(from);
        expect(await opened.content()).toEqual(before);
        await applyAll(opened.projection, rest);
        expect(await opened.content()).toEqual(expected);
      });
    },
  },
  {
    name: 'a process that ends between two batches is continued by the next',
    check: async (harness) => {
      const expected = await contentOf(harness, records);
      await withStore(harness, async (opened) => {
        for (let at = 0; at < records.length; at += 17) {
          await applyAll(opened.projection, records.slice(at, at + 17), at);
          await opened.reopen();
        }
        expect(await opened.content()).toEqual(expected);
      });
    },
  },
  {
    name: 'rebuilt from zero it is the same, in whatever batches and order of partitions the log is read',
    check: async (harness) => {
      const first = await contentOf(harness, records);
      for (const seed of [1, 2, 3]) expect(await contentOf(harness, mixed(records, seed), seed)).toEqual(first);
    },
  },
];

async function contentOf(harness: ProjectionHarness, records: readonly Recorded[], seed = 5): Promise<unknown> {
  const opened = await harness.open();
  try {
    await applyAll(opened.projection, records, seed);
    return await opened.content();
  } finally {
    await opened.close();
  }
}

/** Everything that a projection promises, as cases. */
export const projectionCases: readonly ProjectionCase[] = [...positions, ...contents];

/** Runs the cases on one store. */
export const projectionSuite = (harness: ProjectionHarness): void => suiteOf('projection', harness, projectionCases);
