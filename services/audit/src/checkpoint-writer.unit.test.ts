import { appendFile, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random } from '@tocsin/conformance';
import {
  type Append,
  checkpointLinesOf,
  exportLog,
  LogError,
  type Position,
  parseCheckpoint,
  serviceStarted,
  verifyLog,
} from '@tocsin/core';
import { EmbeddedLog } from '@tocsin/embedded';
import { nodeDigest, signaturesOf } from '@tocsin/runtime';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AuditAlarm } from './audit-alarm.ts';
import { auditSigner } from './audit-keys.ts';
import { auditProcessor } from './audit-processor.ts';
import { CheckpointWriter, type CheckpointWriterParts } from './checkpoint-writer.ts';
import { verifyExport } from './verify-export.ts';

/** Loses the answer to some appends of checkpoints, before or after they happened, as a crash would; or has no space. */
class UnsteadyLog extends EmbeddedLog {
  failing: 'before' | 'after' | undefined;
  /** So many appends of checkpoints are refused. */
  full = 0;

  override async append(records: readonly Append[]): Promise<readonly Position[]> {
    const checkpoints = records.some(({ topic }) => topic === 'audit-checkpoints');
    if (checkpoints && this.full-- > 0) throw new LogError('unavailable', 'no space');
    const failing = checkpoints ? this.failing : undefined;
    if (failing === 'before') throw new Error('lost before');
    const positions = await super.append(records);
    if (failing === 'after') throw new Error('lost after');
    return positions;
  }
}

let directory: string;
let log: UnsteadyLog;
let auditing: Promise<void>;
const stopAuditing = new Map<UnsteadyLog, AbortController>();
const forever = new AbortController().signal;
let sent = 0;

function opened(path: string): UnsteadyLog {
  const one = new UnsteadyLog({ path });
  const stop = new AbortController();
  stopAuditing.set(one, stop);
  auditing = one.run([auditProcessor({ digest: nodeDigest })], stop.signal);
  return one;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tocsin-audit-'));
  log = opened(join(directory, 'log.sqlite'));
});
afterEach(async () => {
  stopAuditing.get(log)?.abort();
  await auditing;
  await log.close();
  await rm(directory, { recursive: true });
});

/** So many records more in the audit log. */
async function happen(count: number): Promise<void> {
  const events = Array.from({ length: count }, () => {
    sent += 1;
    const data = { service: 'api', instance: 'test', version: '1', pid: sent };
    return serviceStarted.make({ id: `start-${sent}`, org: 'main', subject: 'api', at: Date.now(), data });
  });
  await log.append(events.map((value) => ({ topic: 'activity', key: 'api', shard: 0, value })));
}

async function writer(parts: Partial<CheckpointWriterParts> = {}): Promise<CheckpointWriter> {
  const signer = await auditSigner(directory);
  return new CheckpointWriter({ log, digest: nodeDigest, signer, directory, everyRecords: 10, ...parts });
}

/** Runs a writer until as many checkpoints are in the log, then stops it. */
async function runUntil(checkpoints: number, parts: Partial<CheckpointWriterParts> = {}): Promise<void> {
  const stop = new AbortController();
  const run = (await writer(parts)).run(stop.signal);
  let seen = 0;
  const reading = { topics: ['audit-checkpoints'] as const, from: 'start' as const, follow: true, signal: stop.signal };
  if (checkpoints > 0)
    for await (const batch of log.read(reading)) {
      seen += batch.length;
      if (seen >= checkpoints) break;
    }
  stop.abort();
  await run;
}
/** Stops at once: what is there gets attested. */
const runOnce = (parts: Partial<CheckpointWriterParts> = {}): Promise<void> => runUntil(0, parts);

const inFile = async (): Promise<readonly string[]> =>
  (await readFile(join(directory, 'checkpoints.ndjson'), 'utf8')).split('\n').slice(0, -1);
const sizesOf = (lines: readonly string[]): readonly unknown[] =>
  lines.map((line) => parseCheckpoint(line)?.checkpoint.size);
const distinct = async (): Promise<readonly string[]> => [...new Set(await checkpointLinesOf(log, forever))];

async function expectSound(): Promise<void> {
  expect(await distinct()).toEqual(await inFile());
  const verify = signaturesOf(await readFile(join(directory, 'audit.pub'), 'utf8'));
  const found = await verifyLog(log, { digest: nodeDigest, verify, checkpoints: await inFile(), signal: forever });
  expect(found.faults).toEqual([]);
  expect(found.streams[0]?.attested).toBe(found.records);
}

describe('the checkpoint writer', () => {
  it('attests every so many records, and the rest when it stops', async () => {
    await happen(25);
    await runUntil(2);
    expect(sizesOf(await inFile())).toEqual([10, 20, 25]);
    await expectSound();
  });

  it('attests what is new after a while', async () => {
    await happen(3);
    const running = runUntil(1, { everyMs: 20 });
    await running;
    expect(sizesOf(await inFile())).toEqual([3]);
  });

  it('goes on where it stopped, and writes nothing when nothing is new', async () => {
    await happen(12);
    await runUntil(1);
    await runOnce();
    await happen(11);
    await runUntil(3);
    expect(sizesOf(await inFile())).toEqual([10, 12, 22, 23]);
    await expectSound();
  });

  it('makes an export that verifies with nothing but the public key', async () => {
    await happen(25);
    await runUntil(2);
    const publicKey = await readFile(join(directory, 'audit.pub'), 'utf8');
    async function* bytes(): AsyncGenerator<string> {
      for await (const lines of exportLog(log, { digest: nodeDigest, signal: forever })) yield `${lines}\n`;
    }
    const found = await verifyExport(bytes(), { publicKey, checkpoints: (await inFile()).join('\n') });
    expect(found).toMatchObject({ ok: true, records: 25, checkpoints: 6, signatures: 'verified' });
  });

  it('repairs a file that a crash cut off, and a place that a crash left behind', async () => {
    await happen(20);
    await runUntil(2);
    const path = join(directory, 'checkpoints.ndjson');
    await appendFile(path, '{"checkpoint":{"key_id":"half a li');
    await happen(10);
    await runUntil(3);
    expect(sizesOf(await inFile())).toEqual([10, 20, 30]);
    await writeFile(path, `${(await inFile())[0]}\n`);
    await runOnce();
    expect(sizesOf(await inFile())).toEqual([10, 20, 30]);
    await expectSound();
  });

  it('begins again while there is no space, and leaves one chain in both places', async () => {
    log.full = 3;
    await happen(25);
    await runUntil(2, { againMs: 1 });
    expect(log.full).toBeLessThan(0);
    expect(sizesOf(await inFile())).toEqual([10, 20, 25]);
    await expectSound();
  });

  it('comes through any sequence of failures with one chain in both places', async () => {
    const seed = Date.now() % 1_000_000;
    const random = new Random(seed);
    for (let round = 0; round < 25; round++) {
      await happen(random.below(25));
      log.failing = (['before', 'after', undefined] as const)[random.below(3)];
      await runOnce().catch((error: Error) => expect([seed, error.message]).toEqual([seed, `lost ${log.failing}`]));
      if (random.chance(0.2)) await appendFile(join(directory, 'checkpoints.ndjson'), '{"checkpoint":{"si');
    }
    log.failing = undefined;
    await happen(1);
    await runOnce();
    await expectSound();
  });
});

describe('the alarm', () => {
  it('is raised when the log lacks what a checkpoint attests', async () => {
    await happen(12);
    await runOnce();
    const first = log;
    stopAuditing.get(first)?.abort();
    await auditing;
    await first.close();
    log = opened(join(directory, 'another.sqlite'));
    await happen(5);
    await expect(runOnce()).rejects.toThrow(AuditAlarm);
    await happen(20);
    await expect(runOnce()).rejects.toThrow('is not the record that a checkpoint attests');
  });

  it('is raised when the two places differ', async () => {
    await happen(12);
    await runUntil(1);
    const [one, two] = await inFile();
    await writeFile(join(directory, 'checkpoints.ndjson'), `${one?.replace('"size":10', '"size":11')}\n${two}\n`);
    await expect(runOnce()).rejects.toThrow(AuditAlarm);
  });
});

describe('the key', () => {
  it('is made once, belongs to its owner alone, and its predecessor stays known', async () => {
    const { keyId, publicKey } = await auditSigner(directory);
    expect((await auditSigner(directory)).keyId).toBe(keyId);
    expect((await stat(join(directory, 'audit.key'))).mode & 0o777).toBe(0o600);
    await rm(join(directory, 'audit.key'));
    const second = await auditSigner(directory);
    const both = await readFile(join(directory, 'audit.pub'), 'utf8');
    expect(both).toBe(`${publicKey}${second.publicKey}`);
    expect(signaturesOf(both)(second.keyId, 'text', second.sign('text'))).toBe(true);
    expect(signaturesOf(both)(keyId, 'text', second.sign('text'))).toBe(false);
  });

  it('is an error when it is damaged', async () => {
    await writeFile(join(directory, 'audit.key'), 'nonsense', { mode: 0o600 });
    await expect(auditSigner(directory)).rejects.toThrow('no Ed25519 key');
    expect(() => signaturesOf('nonsense')).toThrow('no public key');
  });
});
