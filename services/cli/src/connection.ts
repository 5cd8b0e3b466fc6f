import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import process from 'node:process';
import { readAdminToken } from '@tocsin/runtime';
import { exitCodes, Failure } from './failure.ts';

export interface ConnectionFlags {
  readonly url?: string | undefined;
  readonly token?: string | undefined;
  readonly data?: string | undefined;
}

export interface Connection {
  readonly url: string;
  readonly token: string;
}

export const defaultPort = 8480;
/** Written by `up` beside the token, so that a client on the same machine needs no flags. */
export const urlFile = 'url';

/** `--data`, `TOCSIN_DATA`, or the user's data folder. */
export const dataDirectoryOf = (flag: string | undefined): string =>
  resolve(
    flag ?? process.env.TOCSIN_DATA ?? join(process.env.XDG_DATA_HOME ?? join(homedir(), '.local', 'share'), 'tocsin'),
  );

/** Flags first, then the environment, then what `up` left in the data directory. */
export async function connectionOf(flags: ConnectionFlags): Promise<Connection> {
  const data = dataDirectoryOf(flags.data);
  const url = flags.url ?? process.env.TOCSIN_URL ?? writtenUrl(data) ?? `http://127.0.0.1:${defaultPort}`;
  const token = flags.token ?? process.env.TOCSIN_TOKEN ?? (await readAdminToken(data));
  if (token === undefined)
    throw new Failure(
      exitCodes.forbidden,
      `No token. Give --token or TOCSIN_TOKEN, or name the data directory of the server with --data (looked in ${data}).`,
    );
  return { url: url.replace(/\/+$/, ''), token };
}

function writtenUrl(data: string): string | undefined {
  const path = join(data, urlFile);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined;
}
