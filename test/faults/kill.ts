/**
 * Ends the server under load, again and again: `npx tsx test/faults/kill.ts [--full] [--seed N]`. Exit code 1 when a promise
 * was not kept. The seed of a run repeats what was sent and at which moments the server was ended.
 */
import process from 'node:process';
import { parseArgs } from 'node:util';
import { faultPlans, freshSeed } from './fault-plans.ts';
import { faultRun } from './fault-run.ts';

const { values } = parseArgs({
  options: { full: { type: 'boolean', default: false }, seed: { type: 'string' } },
});
const say = (line: string): void => console.log(line);
const { killed, stopped } = faultPlans({ full: values.full, seed: Number(values.seed ?? freshSeed()), say });

for (const plan of [killed, stopped]) {
  const { problems } = await faultRun(plan);
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
