import { defineConfig } from 'vitest/config';

/** One configuration for all packages: workspace packages are read from their sources, so no build is needed to test. */
export const shared = defineConfig({
  ssr: { resolve: { conditions: ['@tocsin/source', 'node', 'module', 'default'] } },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
  },
});
