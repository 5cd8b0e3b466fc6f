import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { Random } from '@tocsin/conformance';
import type { Fault } from '@tocsin/core';
import { afterAll, describe, expect, it } from 'vitest';
import { exportOf, sampleSections } from '../test/fixture.ts';
import { tamperings } from '../test/tampering.ts';
import { vectorDirectory } from '../test/vectors.ts';
import { verifyExport } from './verify-export.ts';

interface Verdict {
  readonly export: string;
  readonly ok: boolean;
  readonly records: number;
  readonly faults: readonly Fault[];
}

const script = join(import.meta.dirname, '../../../infra/verify/tocsin_verify.py');
const python = (...args: readonly string[]) => spawnSync('python3', args, { encoding: 'utf8', timeout: 60_000 });
const hasPython = python('--version').status === 0;
const hasCryptography = hasPython && python('-c', 'import cryptography').status === 0;
if (!hasPython) console.warn('skipped: the second verifier needs python3');
else if (!hasCryptography) console.warn('skipped: signatures by the second verifier need the package `cryptography`');

const publicKeyFile = join(vectorDirectory, 'audit.pub');
const checkpointFile = join(vectorDirectory, 'checkpoints.ndjson');
const publicKey = readFileSync(publicKeyFile, 'utf8');

function byPython(files: readonly string[], ...options: readonly string[]): readonly Verdict[] {
  const { stdout, stderr, status } = python(script, ...options, ...files);
  const verdicts = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Verdict);
  expect([stderr, status]).toEqual([stderr, verdicts.every(({ ok }) => ok) ? 0 : 1]);
  return verdicts.map(comparable);
}
const comparable = ({ export: path, ok, records, faults }: Verdict): Verdict => ({
  export: basename(path),
  ok,
  records,
  faults: faults.map(({ stream, seq, until, reason }) => ({
    stream,
    seq,
    ...(until !== undefined && { until }),
    reason,
  })),
});

describe('the published vectors', () => {
  const expected = readFileSync(join(vectorDirectory, 'expected.ndjson'), 'utf8')
    .trim()
    .split('\n')
    .map((line) => comparable(JSON.parse(line) as Verdict));
  const files = expected.map(({ export: name }) => join(vectorDirectory, name));

  it('are all there', () => {
    const others = ['audit.pub', 'checkpoints.ndjson', 'expected.ndjson'];
    expect(readdirSync(vectorDirectory).sort()).toEqual([...expected.map((one) => one.export), ...others].sort());
    expect(expected.length).toBeGreaterThan(20);
  });

  it('are judged as published', async () => {
    const checkpoints = readFileSync(checkpointFile, 'utf8');
    for (const [at, file] of files.entries()) {
      const found = await verifyExport(file, { publicKey, checkpoints });
      expect(comparable({ export: file, ...found })).toEqual(expected[at]);
    }
  });

  it.skipIf(!hasCryptography)('are judged as published by the second verifier', () => {
    expect(byPython(files, '--public-key', publicKeyFile, '--checkpoints', checkpointFile)).toEqual(expected);
  });

  it.skipIf(!hasPython)('are judged alike by both without key and checkpoints', async () => {
    const ours: Verdict[] = [];
    for (const file of files) ours.push(comparable({ export: file, ...(await verifyExport(file)) }));
    expect(byPython(files)).toEqual(ours);
  });
});

describe('both verifiers', () => {
  const directory = mkdtempSync(join(tmpdir(), 'tocsin-verifiers-'));
  afterAll(() => rmSync(directory, { recursive: true }));

  it.skipIf(!hasPython)('agree on random tampering', async () => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    const sections = sampleSections(2, 24, [7, 14, 21]);
    const files: string[] = [];
    const ours: Verdict[] = [];
    for (const tamper of Object.values(tamperings))
      for (let run = 0; run < 6; run++) {
        const [k, j] = [random.below(24), random.below(23)];
        const choice = { sections, at: random.below(2), k, j: j >= k ? j + 1 : j, n: random.below(1_000_000) };
        const file = join(directory, `${files.length}.ndjson`);
        writeFileSync(file, exportOf(tamper(choice).sections));
        files.push(file);
        ours.push(comparable({ export: file, ...(await verifyExport(file, hasCryptography ? { publicKey } : {})) }));
      }
    const theirs = byPython(files, ...(hasCryptography ? ['--public-key', publicKeyFile] : []));
    for (const [at, verdict] of theirs.entries()) expect([seed, verdict]).toEqual([seed, ours[at]]);
  });
});
