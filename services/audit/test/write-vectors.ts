/** Writes the published vectors anew: `npx tsx services/audit/test/write-vectors.ts`. Only for a new version of the format. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyExport } from '../src/verify-export.ts';
import { vectorCheckpoints, vectorDirectory, vectorKey, vectors } from './vectors.ts';

mkdirSync(vectorDirectory, { recursive: true });
writeFileSync(join(vectorDirectory, 'audit.pub'), vectorKey);
writeFileSync(join(vectorDirectory, 'checkpoints.ndjson'), vectorCheckpoints);
const expected: string[] = [];
for (const [name, text] of vectors) {
  const path = join(vectorDirectory, name);
  writeFileSync(path, text);
  const { ok, records, faults } = await verifyExport(path, { publicKey: vectorKey, checkpoints: vectorCheckpoints });
  expected.push(JSON.stringify({ export: name, ok, records, faults }));
}
writeFileSync(join(vectorDirectory, 'expected.ndjson'), `${expected.join('\n')}\n`);
