import { mergeConfig } from 'vitest/config';
import { shared } from '../../vitest.shared.ts';

/** The corpus lives outside of the repository and has a command of its own: `test:corpus`. */
export default mergeConfig(shared, { test: { exclude: ['test/corpus.test.ts', '**/node_modules/**'] } });
