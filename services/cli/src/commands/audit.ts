import { createReadStream, createWriteStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { verifyExport } from '@tocsin/audit';
import { type AuditVerification, type Json, parseAuditRecord, Replay } from '@tocsin/core';
import { type Command, InvalidArgumentError } from 'commander';
import type { ApiClient } from '../client.ts';
import { dataDirectoryOf } from '../connection.ts';
import { exitCodes, Failure } from '../failure.ts';
import { type ClientFlags, clientOf, interruption, withClient } from '../invocation.ts';
import { type Column, print, printList, printOne, tell } from '../output.ts';
import type { ShownAudit, ShownSignal } from '../shapes.ts';
import { compareWithServer, type Rebuilt, resources } from './audit-diff.ts';
import { newest, tailed } from './audit-tail.ts';

export const auditColumns: readonly Column<ShownAudit>[] = [
  ['SEQ', ({ seq }) => String(seq)],
  ['TIME', ({ attributes }) => attributes.timestamp],
  ['WHO', ({ attributes }) => attributes.attributes.usr?.name ?? ''],
  ['ACTION', ({ attributes }) => attributes.attributes.action],
  ['ASSET', ({ attributes }) => attributes.attributes.asset.type],
  ['WHAT', ({ attributes }) => attributes.message],
];

/** `tocsin audit …`: read, verify, replay and export the audit log. */
export function auditCommands(program: Command): void {
  const audit = program.command('audit').description('read, verify, replay and export the audit log');
  tailCommand(audit);
  verifyCommand(audit);
  replayCommand(audit);
  exportCommand(audit);
}

const count = (text: string): number => {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('give a whole number up to 1000');
  return Math.min(1000, Number(text));
};

function tailCommand(audit: Command): void {
  withClient(audit.command('tail'))
    .description('the newest audit records; with --follow those to come, too')
    .option('-n, --lines <count>', 'how many', count, 20)
    .option('-f, --follow', 'go on with new records')
    .action(async (flags: ClientFlags & { lines: number; follow?: boolean }) => {
      const client = await clientOf(flags);
      if (!flags.follow) return printList(await newest(client, flags.lines), flags.output, auditColumns);
      let heading = true;
      for await (const records of tailed(client, { lines: flags.lines, signal: interruption() })) {
        if (flags.output !== 'table') for (const record of records) print(JSON.stringify(record));
        else printList(records, 'table', heading ? auditColumns : withoutHeading);
        heading = false;
      }
    });
}

const withoutHeading = auditColumns.map(([, show]) => ['', show] as const);

interface VerifyFlags extends ClientFlags {
  readonly key?: string;
  readonly checkpoints?: string;
}

function verifyCommand(audit: Command): void {
  withClient(audit.command('verify'))
    .description('check the hash chain and the signed checkpoints; names the first bad record')
    .argument('[export]', 'an export file, checked offline; the live log unless given')
    .option('--key <file>', 'public key (audit.pub); the one in the data directory unless given')
    .option('--checkpoints <file>', 'checkpoints kept elsewhere: they also prove that no tail was cut off')
    .action(async (file: string | undefined, flags: VerifyFlags) => {
      const result = await verified(file, flags);
      if (flags.output === 'table') tellResult(result);
      else printOne(result as unknown as Json, flags.output);
      if (!result.ok) throw new Failure(exitCodes.verification, 'The audit log does not verify.');
    });
}

async function verified(file: string | undefined, flags: VerifyFlags): Promise<AuditVerification> {
  const beside = join(dataDirectoryOf(flags.data), 'audit.pub');
  const keyFile = flags.key ?? (existsSync(beside) ? beside : undefined);
  const options = {
    publicKey: keyFile && readFileSync(keyFile, 'utf8'),
    checkpoints: flags.checkpoints && readFileSync(flags.checkpoints, 'utf8'),
  };
  if (keyFile === undefined) tell('No public key: signatures of checkpoints are not checked. Name it with --key.');
  if (file !== undefined) return verifyExport(file, options);
  return verifyExport(await exported(await clientOf(flags)), options);
}

/** The export of the server as it arrives. */
export async function exported(client: ApiClient): Promise<Readable> {
  const { body } = await client.open('/api/v2/audit/export');
  if (!body) throw new Failure(exitCodes.failed, 'The server sent no export.');
  return Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]);
}

function tellResult({ ok, records, streams, checkpoints, signatures, firstBad }: AuditVerification): void {
  if (ok) {
    print(`ok: ${records} records in ${streams.length} streams, ${checkpoints} checkpoints, signatures ${signatures}`);
    for (const { stream, records: size, attested, head } of streams)
      print(`  ${stream}: ${size} records, ${attested} of them under a checkpoint, last hash ${head}`);
  } else print(`NOT ok: ${JSON.stringify(firstBad)}`);
}

function replayCommand(audit: Command): void {
  withClient(audit.command('replay'))
    .description('rebuild every signal from the audit log alone')
    .argument('[export]', 'an export file; the live log unless given')
    .option('--to <time>', 'as of this instant (ISO 8601)')
    .option('--diff', 'compare with what the server shows now')
    .action(async (file: string | undefined, flags: ClientFlags & { to?: string; diff?: boolean }) => {
      if (flags.diff && flags.to !== undefined)
        throw new Failure(exitCodes.usage, '--diff compares with now: leave out --to.');
      const until = instantOf(flags.to);
      const client = file === undefined || flags.diff ? await clientOf(flags) : undefined;
      const begun = Date.now();
      const rebuilt = await replayed(file === undefined && client ? await exported(client) : file, until);
      if (flags.diff && client)
        await compareWithServer(client, { ...rebuilt, newest: Math.min(begun, rebuilt.newest) }, flags);
      else printList(resources(rebuilt.views), flags.output, replayColumns);
    });
}

const replayColumns: readonly Column<ShownSignal>[] = [
  ['ID', ({ id }) => id],
  ['STATE', ({ attributes }) => attributes.custom.workflow.triage.state],
  ['VERSION', ({ attributes }) => String(attributes.custom.workflow.triage.version)],
  ['COUNT', ({ attributes }) => String(attributes.custom.workflow.events_matched)],
  ['TITLE', ({ attributes }) => attributes.custom.title],
];

function instantOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const instant = Date.parse(text);
  if (Number.isNaN(instant))
    throw new Failure(exitCodes.usage, `--to ${text} is not a time: write 2026-01-31T12:00:00Z`);
  return instant;
}

async function replayed(source: Readable | string | undefined, until: number | undefined): Promise<Rebuilt> {
  const input = typeof source === 'string' ? createReadStream(source) : source;
  const run = new Replay(until);
  let newest = Number.NEGATIVE_INFINITY;
  if (!input) return { views: run.views, newest };
  const opening = /^\{"hash":"[0-9a-f]{64}","record":/;
  for await (const line of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const found = opening.exec(line);
    if (!found) continue;
    const record = parseAuditRecord(line.slice(found[0].length, -1));
    newest = Math.max(newest, Date.parse(record.attributes.timestamp));
    run.apply(record);
  }
  return { views: run.views, newest };
}

function exportCommand(audit: Command): void {
  withClient(audit.command('export'))
    .description('write the whole audit log as NDJSON that anybody can verify offline')
    .argument('[file]', 'a file, or - for the standard output', '-')
    .action(async (file: string, flags: ClientFlags) => {
      const source = await exported(await clientOf(flags));
      await pipeline(source, file === '-' ? process.stdout : createWriteStream(file, { mode: 0o600 }));
      if (file !== '-') tell(`Written to ${file}. Check it: tocsin audit verify ${file}`);
    });
}
