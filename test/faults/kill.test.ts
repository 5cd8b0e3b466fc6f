import process from 'node:process';
import { expect, test } from 'vitest';
import { faultPlans, freshSeed } from './fault-plans.ts';
import { faultRun } from './fault-run.ts';

/** `TOCSIN_FAULTS=full` runs the long form; `TOCSIN_SEED` repeats a run. */
const { killed, stopped } = faultPlans({
  full: process.env.TOCSIN_FAULTS === 'full',
  seed: Number(process.env.TOCSIN_SEED ?? freshSeed()),
  say: (line) => console.log(line),
});

test(`kill -9 under load, ${killed.ends} times: what was acknowledged is accounted exactly once`, async () => {
  const { problems, ends } = await faultRun(killed);
  expect(problems).toEqual([]);
  expect(ends).toHaveLength(killed.ends);
  // Otherwise it was not under load.
  expect(ends.some(({ underWay }) => underWay > 0)).toBe(true);
}, 900_000);

test(`SIGTERM under load, ${stopped.ends} times: it exits 0 in time, and nothing is lost or delivered twice`, async () => {
  const { problems, ends, repeats } = await faultRun(stopped);
  expect(problems).toEqual([]);
  expect(ends.map(({ code }) => code)).toEqual(Array.from({ length: stopped.ends }, () => 0));
  expect(Math.max(...ends.map(({ began, over }) => over - began))).toBeLessThan(10_000);
  expect(repeats).toBe(0);
}, 300_000);
