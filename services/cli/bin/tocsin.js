#!/usr/bin/env -S node --max-semi-space-size=32
import { existsSync } from 'node:fs';
import process from 'node:process';

const main = new URL('../dist/main.js', import.meta.url);
if (existsSync(main)) await import(main.href);
else {
  process.stderr.write('Tocsin is not built yet. Run: npm run build\n');
  process.exitCode = 1;
}
