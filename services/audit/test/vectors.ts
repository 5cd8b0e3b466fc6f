import { join } from 'node:path';
import { exportOf, sampleSections, testSigner } from './fixture.ts';
import { tamperings } from './tampering.ts';

/** Published: whoever writes another verifier can test it with these. */
export const vectorDirectory = join(import.meta.dirname, '../../../packages/core/src/audit/vectors');

export const vectorKey = testSigner(7).publicKey;
const sections = sampleSections(2, 6, [2, 4, 6]);
export const vectorCheckpoints = `${sections.flatMap(({ checkpoints }) => checkpoints).join('\n')}\n`;

/** The same small export untouched and tampered with in every way, by file name. */
export const vectors: ReadonlyMap<string, string> = new Map([
  ['untouched.ndjson', exportOf(sections)],
  ['empty.ndjson', exportOf([])],
  ...Object.entries(tamperings).map(([name, tamper]): [string, string] => [
    `${name.replaceAll(/[^a-z]+/g, '-')}.ndjson`,
    exportOf(tamper({ sections, at: 0, k: 2, j: 4, n: 5 }).sections),
  ]),
]);
