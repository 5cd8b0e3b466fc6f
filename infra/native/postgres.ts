import { execFile, execFileSync } from 'node:child_process';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { Missing } from './missing.ts';
import { postgresHint, postgresPrograms } from './programs.ts';
import { Server, startOnFreePort } from './server.ts';

const run = promisify(execFile);

export interface StartedPostgres {
  /** `postgres://user@host:port/database`; that user may create databases. */
  readonly url: string;
  /** For tests that kill it and start it again with what was committed. */
  readonly server: Server;
  stop(): Promise<void>;
}

type User = { readonly uid: number; readonly gid: number };

/** Starts a PostgreSQL with one empty database. */
export function startPostgres(): Promise<StartedPostgres> {
  return startOnFreePort(async (port) => {
    const programs = postgresPrograms();
    const user = otherUser();
    const server = await Server.start({
      name: 'postgres',
      command: (directory) => commandIn(directory, { programs, port, ...(user && { user }) }),
      ready: () => isReady(programs, port),
      stopSignal: 'QUIT',
      ...(user && { user }),
    });
    return { url: `postgres://tocsin@127.0.0.1:${port}/postgres`, server, stop: () => server.stop() };
  });
}

/** PostgreSQL refuses to run as root: then it runs as Debian's user for it. */
function otherUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
    return { uid: id('-u'), gid: id('-g') };
  } catch {
    throw new Missing('the user postgres, which PostgreSQL runs as when the starter is root,', postgresHint);
  }
}

async function commandIn(
  directory: string,
  { programs, port, user }: { readonly programs: string; readonly port: number; readonly user?: User },
): Promise<readonly string[]> {
  const data = join(directory, 'data');
  const options = ['-D', data, '-U', 'tocsin', '--auth=trust', '--no-sync', '--encoding=UTF8', '--locale=C'];
  await run(join(programs, 'initdb'), options, { cwd: directory, ...user });
  const settings = { shared_buffers: '64MB', max_connections: '50', unix_socket_directories: directory };
  return [
    ...[join(programs, 'postgres'), '-D', data, '-h', '127.0.0.1', '-p', String(port)],
    ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
  ];
}

const isReady = (programs: string, port: number): Promise<boolean> =>
  run(join(programs, 'pg_isready'), ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
    () => true,
    () => false,
  );
