import { readFile } from 'node:fs/promises';
import { type EventLog, type JsonObject, verifyLog } from '@tocsin/core';
import type { DataDirectory } from '@tocsin/embedded';
import { nodeDigest, signaturesOf } from '@tocsin/runtime';

/** Verifies the audit log where it stands, with the public keys and the checkpoints that are beside it. */
export async function verifiedLog(
  log: EventLog,
  { directory, signal }: { readonly directory: Pick<DataDirectory, 'file'>; readonly signal: AbortSignal },
): Promise<JsonObject> {
  const verify = signaturesOf(await readFile(directory.file('audit.pub'), 'utf8'));
  const text = await readFile(directory.file('checkpoints.ndjson'), 'utf8');
  // What follows the last line break is being written.
  const checkpoints = text.split('\n').slice(0, -1);
  const found = await verifyLog(log, { digest: nodeDigest, verify, checkpoints, signal });
  return found as unknown as JsonObject;
}
