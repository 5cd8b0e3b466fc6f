import { mergeConfig } from 'vitest/config';
import { shared } from '../vitest.shared.ts';

/** The system as it is shipped: these tests run the built programs, on a machine that may be busy. */
export default mergeConfig(shared, {
  test: {
    include: ['e2e/**/*.test.ts', 'faults/**/*.test.ts', 'cluster/**/*.test.ts'],
    maxWorkers: 2,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
