import type { FaultPlan } from './fault-run.ts';

type Plans = Readonly<Record<'killed' | 'stopped', FaultPlan>>;

/** The short form is part of every test run; the long one takes some minutes. */
export function faultPlans(about: { readonly full: boolean } & Pick<FaultPlan, 'seed' | 'say'>): Plans {
  const { full, seed, say } = about;
  return {
    killed: full
      ? { seed, ends: 20, how: 'kill', between: [100, 600], outageMs: 10_000, say }
      : { seed, ends: 4, how: 'kill', between: [80, 250], say },
    stopped: { seed, ends: full ? 5 : 2, how: 'stop', between: full ? [100, 600] : [80, 250], say },
  };
}

/** A seed for a run that nobody wants to see again yet. */
export const freshSeed = (): number => Date.now() % 1_000_000;
