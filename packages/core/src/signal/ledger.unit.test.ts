import fc from 'fast-check';
import { expect, it } from 'vitest';
import { emptyLedger, entered, type Fate, isBalanced, ledgerSum } from './ledger.ts';

const fates = fc.array(fc.constantFrom<Fate[]>('inSignals', 'suppressed', 'excluded', 'duplicates'));

it('balances whatever becomes of detections, on each partition and over all', () => {
  fc.assert(
    fc.property(fates, fates, (first, second) => {
      const ledgers = [first, second].map((each) => each.reduce(entered, emptyLedger));
      const sum = ledgerSum(ledgers);
      expect([...ledgers, sum].every(isBalanced)).toBe(true);
      expect(sum.accepted).toBe(first.length + second.length);
    }),
  );
  expect(isBalanced({ ...emptyLedger, accepted: 1 })).toBe(false);
});
