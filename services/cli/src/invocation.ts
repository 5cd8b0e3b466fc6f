import process from 'node:process';
import { type Command, Option } from 'commander';
import { ApiClient } from './client.ts';
import { type ConnectionFlags, connectionOf } from './connection.ts';
import { type OutputForm, outputForms } from './output.ts';

export interface ClientFlags extends ConnectionFlags {
  readonly output: OutputForm;
}

/** The options that every client command takes. */
export const withClient = (command: Command): Command =>
  command
    .option('--url <url>', 'address of the server (TOCSIN_URL)')
    .option('--token <token>', 'application token (TOCSIN_TOKEN)')
    .option('--data <dir>', 'data directory of a server on this machine (TOCSIN_DATA)')
    .addOption(new Option('-o, --output <form>', 'how to print').choices(outputForms).default('table'));

export const clientOf = async (flags: ClientFlags): Promise<ApiClient> => new ApiClient(await connectionOf(flags));

/** Aborts at Ctrl-C, so that a following command ends its connection before it exits with 130. */
export function interruption(): AbortSignal {
  const end = new AbortController();
  process.once('SIGINT', () => {
    process.exitCode = 130;
    end.abort();
  });
  process.once('SIGTERM', () => end.abort());
  return end.signal;
}
