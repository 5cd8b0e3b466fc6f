import { shared } from '../../vitest.shared.ts';

export default { ...shared, test: { ...shared.test, include: ['test/corpus.test.ts'] } };
