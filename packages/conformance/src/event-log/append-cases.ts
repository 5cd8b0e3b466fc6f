import { LogError, sizes } from '@tocsin/core';
import { expect } from 'vitest';
import { recordsOf } from './comparison.ts';
import type { EventLogCase } from './harness.ts';
import { contentOf, item, many, withLog } from './scenario.ts';

async function refusal(promise: Promise<unknown>): Promise<LogError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(LogError);
  return error as LogError;
}

/** Durability, atomicity, refusals. */
export const appendCases: readonly EventLogCase[] = [
  {
    name: 'append answers with the place of each record, in the order of the records',
    check: (harness) =>
      withLog(harness, async (opened) => {
        for (let turn = 0; turn < 12; turn++) {
          const records = many(7, turn * 100);
          const places = await opened.log.append(records);
          const found = await recordsOf(opened, 'grouped-detections');
          const at = places.map(({ partition, offset }) =>
            found.find((one) => one.partition === partition && one.offset === offset),
          );
          expect(at.map((one) => one && contentOf(one))).toEqual(
            records.map(({ value }) => (value as { v: number }).v),
          );
        }
      }),
  },
  {
    name: 'what append has answered survives a crash, and is there once, in order',
    check: (harness) =>
      withLog(harness, async (opened) => {
        for (let turn = 0; turn < 5; turn++) {
          await opened.log.append(Array.from({ length: 10 }, (_, i) => item(turn * 10 + i)));
          await opened.crash();
        }
        const found = await recordsOf(opened, 'grouped-detections');
        expect(found.map(contentOf)).toEqual(Array.from({ length: 50 }, (_, i) => i));
      }),
  },
  {
    name: 'an append that a crash interrupts is there as a whole or not at all',
    needs: 'atomicAppend',
    check: (harness) =>
      withLog(harness, async (opened) => {
        for (let turn = 0; turn < 10; turn++) {
          opened.log.append(many(20, turn * 20)).catch(() => {});
          if (turn % 2) await Promise.resolve();
          await opened.crash();
        }
        const found = (await recordsOf(opened, 'grouped-detections')).map((one) =>
          Math.floor(Number(contentOf(one)) / 20),
        );
        for (const turn of new Set(found)) expect(found.filter((one) => one === turn)).toHaveLength(20);
      }),
  },
  {
    name: 'nobody but its processor appends to a topic with one writer',
    check: (harness) =>
      withLog(harness, async (opened) => {
        for (const topic of ['signals', 'audit', 'config', 'ingest.dead'] as const)
          expect((await refusal(opened.log.append([item(1), item(2, { topic })]))).code).toBe('single_writer');
        expect(await recordsOf(opened, 'grouped-detections')).toEqual([]);
      }),
  },
  {
    name: 'a record that is too large is refused by its code, and nothing of that append is stored',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const error = await refusal(opened.log.append([item(1), item('x'.repeat(sizes.record + 1)), item(3)]));
        expect([error.code, error.retryable]).toEqual(['too_large', false]);
        await opened.log.append([item('é'.repeat(sizes.record / 4))]);
        expect(await recordsOf(opened, 'grouped-detections')).toHaveLength(1);
      }),
  },
  {
    name: 'records carry the time of their append and the event time they were given',
    check: (harness) =>
      withLog(harness, async (opened) => {
        const first = opened.now();
        await opened.log.append([{ ...item(1), occurredAt: 12_345 }]);
        opened.advance(5_000);
        await opened.log.append([item(2)]);
        const found = await recordsOf(opened, 'grouped-detections');
        expect(found.map(({ recordedAt }) => recordedAt)).toEqual([first, first + 5_000]);
        expect(found.map(({ occurredAt }) => occurredAt)).toEqual([12_345, undefined]);
      }),
  },
];
