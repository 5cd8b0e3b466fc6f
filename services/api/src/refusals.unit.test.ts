import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AccessRefused } from '@tocsin/core';
import { EmbeddedLog } from '@tocsin/embedded';
import type { FastifyRequest } from 'fastify';
import { expect, onTestFinished, test } from 'vitest';
import { Refusals } from './refusals.ts';

const request = { ip: '10.0.0.1', method: 'GET', url: '/api/v2/status?x', headers: {}, id: 'r' } as FastifyRequest;

function rig(windowMs: number) {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-refusals-'));
  const log = new EmbeddedLog({ path: join(folder, 'log.db') });
  const refusals = new Refusals(log, { windowMs });
  const end = new AbortController();
  onTestFinished(async () => {
    end.abort();
    await refusals.close();
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { log, refusals, signal: end.signal };
}

/** The counts of the records, once there are so many. */
async function counts({ log, signal }: ReturnType<typeof rig>, records: number): Promise<readonly number[]> {
  const found: number[] = [];
  for await (const batch of log.read({ topics: ['activity'], from: 'start', follow: true, signal })) {
    found.push(...batch.map(({ value }) => (value as unknown as AccessRefused).data.count));
    if (found.length >= records) break;
  }
  return found;
}

test('repeats are on record at the end of the window, without another refusal', async () => {
  const all = rig(50);
  await Promise.all([1, 2, 3].map(() => all.refusals.record(request, 'no token')));
  expect(await counts(all, 2)).toEqual([1, 2]);
});

test('repeats are on record once it is closed', async () => {
  const all = rig(60_000);
  for (let n = 0; n < 4; n += 1) await all.refusals.record(request, 'no token');
  await all.refusals.close();
  await all.refusals.close();
  expect(await counts(all, 2)).toEqual([1, 3]);
});
