import type { Digest } from '../digest.ts';
import { type EventLog, positionKey } from '../ports/event-log.ts';
import type { SignalView } from '../signal/view.ts';
import type { Instant } from '../time.ts';
import { type ChainResult, ChainVerifier } from './chain.ts';
import { readCheckpoints, parseCheckpoint, type VerifySignature } from './checkpoint.ts';
import { exportEnd, exportHeader, exportRecord, exportSection } from './export.ts';
import { linkOf } from './link.ts';
import { auditStreamOf } from './record.ts';
import { parseAuditRecord, Replay } from './replay.ts';
import { type AuditVerification, verificationOf } from './verification.ts';

/** What the tools over a log have in common. They read what is committed at the call and end there. */
export interface LogReading {
  readonly digest: Digest;
  readonly signal: AbortSignal;
}

/** Verifies the audit log where it stands. `checkpoints`: lines kept outside; without them a cut tail of topic and checkpoints alike stays unseen. */
export async function verifyLog(
  log: EventLog,
  reading: LogReading & {
    readonly verify?: VerifySignature | undefined;
    readonly checkpoints?: Iterable<string> | undefined;
  },
): Promise<AuditVerification> {
  const { digest, verify, signal } = reading;
  const inside = readCheckpoints(await checkpointLinesOf(log, signal), { digest, verify, whole: true });
  const outside = readCheckpoints(reading.checkpoints ?? [], { digest, verify, whole: false });
  const attested = new Map(
    [...inside.byStream, ...outside.byStream].map(([stream]) => [stream, attestationsOf(stream)]),
  );
  const streams: ChainResult[] = [];
  for (let partition = 0; partition < log.partitions; partition++) streams.push(await verifyPartition(partition));
  return verificationOf({
    streams,
    attested,
    otherFaults: [...inside.faults, ...outside.faults],
    checkpoints: inside.count + outside.count,
    signatures: verify ? 'verified' : 'unverified',
  });

  function attestationsOf(stream: string) {
    return [...(inside.byStream.get(stream) ?? []), ...(outside.byStream.get(stream) ?? [])];
  }
  async function verifyPartition(partition: number): Promise<ChainResult> {
    const stream = auditStreamOf(partition);
    const chain = new ChainVerifier(stream, attested.get(stream));
    for await (const texts of auditTexts(log, partition, signal))
      for (const text of texts) {
        const link = linkOf(text);
        chain.push(link && { ...link, hash: digest.sha256(text) });
      }
    return chain.finish();
  }
}

/** The whole audit log as an export. Each text yielded is one or more whole lines without the last line break. */
export async function* exportLog(log: EventLog, { digest, signal }: LogReading): AsyncGenerator<string> {
  const checkpoints = await checkpointLinesOf(log, signal);
  let records = 0;
  yield exportHeader;
  for (let partition = 0; partition < log.partitions; partition++) {
    const stream = auditStreamOf(partition);
    const own = checkpoints.filter((line) => parseCheckpoint(line)?.checkpoint.stream === stream);
    yield [exportSection(stream), ...own].join('\n');
    for await (const texts of auditTexts(log, partition, signal)) {
      records += texts.length;
      yield texts.map((text) => exportRecord(digest.sha256(text), text)).join('\n');
    }
  }
  yield exportEnd(log.partitions, records);
}

/** The signals as the audit log tells of them, now or as of an instant. */
export async function replayLog(
  log: EventLog,
  { until, signal }: { readonly until?: Instant | undefined; readonly signal: AbortSignal },
): Promise<ReadonlyMap<string, SignalView>> {
  const run = new Replay(until);
  for await (const batch of log.read({ topics: ['audit'], from: 'start', follow: false, signal }))
    for (const { value } of batch) run.apply(parseAuditRecord(value as string));
  return run.views;
}

/** All checkpoints that the log holds, oldest first per stream. */
export async function checkpointLinesOf(log: EventLog, signal: AbortSignal): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const batch of log.read({ topics: ['audit-checkpoints'], from: 'start', follow: false, signal }))
    for (const { value } of batch) lines.push(String(value));
  return lines;
}

/** Stored texts of one partition, in batches. */
async function* auditTexts(log: EventLog, partition: number, signal: AbortSignal): AsyncGenerator<readonly string[]> {
  const { [positionKey('audit', partition)]: _, ...others } = await log.ends(['audit']);
  for await (const batch of log.read({ topics: ['audit'], from: others, follow: false, signal })) {
    const texts = batch.filter((record) => record.partition === partition).map(({ value }) => String(value));
    if (texts.length > 0) yield texts;
  }
}
