import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { commandOf, isExecutable, Missing } from './missing.ts';

export const postgresHint = 'apt-get install postgresql (or: npx tsx infra/native/main.ts install)';

/** Redis's program. */
export function redisCommand(): string {
  const found = commandOf('redis-server');
  if (!found)
    throw new Missing('redis-server', 'apt-get install redis-server (or: npx tsx infra/native/main.ts install)');
  return found;
}

/** The folder of `initdb` and `postgres`: Debian keeps them out of the path, one folder a version. */
export function postgresPrograms(): string {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [
    ...versions.map((version) => join(debian, version, 'bin')),
    commandOf('initdb')?.replace(/\/initdb$/, ''),
  ];
  const found = folders.find((folder) => folder !== undefined && isExecutable(join(folder, 'initdb')));
  if (!found) throw new Missing('postgresql', postgresHint);
  return found;
}
