import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import process from 'node:process';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';

// The test runner finds names in CommonJS packages that Node itself does not.
test('Node can load what this package exports', () => {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const index = pathToFileURL(join(import.meta.dirname, 'index.ts')).href;
  const flags = ['--import', loader, '--conditions', '@tocsin/source', '--input-type=module'];
  const script = `const all = await import(${JSON.stringify(index)}); console.log(Object.keys(all).join())`;
  expect(execFileSync(process.execPath, [...flags, '-e', script], { encoding: 'utf8' })).toContain('BullmqJobQueue');
});
