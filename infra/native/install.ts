import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import process from 'node:process';
import { fetchArtifacts } from './artifacts.ts';
import { commandOf, Missing } from './missing.ts';
import { postgresPrograms, redisCommand } from './programs.ts';

/** Brings what the servers need onto this machine: jars for everybody, packages on Debian and only as root. */
export async function install(report: (line: string) => void): Promise<void> {
  const packages = [
    ...(lacks(redisCommand) ? ['redis-server'] : []),
    ...(lacks(postgresPrograms) ? ['postgresql'] : []),
    ...(commandOf('java') ? [] : ['openjdk-17-jre-headless']),
    ...(commandOf('mvn') ? [] : ['maven']),
  ];
  if (packages.length > 0) installPackages(packages, report);
  await fetchArtifacts(report);
}

function lacks(find: () => string): boolean {
  try {
    find();
    return false;
  } catch (error) {
    if (error instanceof Missing) return true;
    throw error;
  }
}

function installPackages(packages: readonly string[], report: (line: string) => void): void {
  const what = packages.join(' ');
  if (!existsSync('/etc/debian_version') || process.getuid?.() !== 0)
    throw new Missing(what, `install it with this system's package manager (Debian: apt-get install ${what})`);
  report(`installing ${what}`);
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  for (const step of [
    ['update', '-q'],
    ['install', '-y', '-q', '--no-install-recommends', ...packages],
  ]) {
    const { status } = spawnSync('apt-get', step, { stdio: 'inherit', env: environment });
    if (status !== 0) throw new Missing(what, `apt-get ${step[0]} failed`);
  }
}
