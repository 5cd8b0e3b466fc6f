/** Java programs that Debian does not package: fetched from Maven Central once, kept outside the repository. */
import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { commandOf, Missing } from './missing.ts';

const run = promisify(execFile);

export const kafkaVersion = '4.1.1';
export const registryVersion = '3.0.9';
const registryArtifact = `io.apicurio:apicurio-registry-app:${registryVersion}:tar.gz:all`;
const hint = 'npx tsx infra/native/main.ts install';

const cache = (): string => join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tocsin');
const kafkaFolder = (): string => join(cache(), `kafka-${kafkaVersion}`);
const registryFolder = (): string => join(cache(), `apicurio-registry-${registryVersion}`);

/** The folder of Kafka's jars. */
export function kafkaJars(): string {
  if (!existsSync(kafkaFolder())) throw new Missing(`Kafka ${kafkaVersion} (${kafkaFolder()})`, hint);
  return kafkaFolder();
}

/** The registry's jar; its libraries lie beside it. */
export function registryJar(): string {
  const jar = join(registryFolder(), `apicurio-registry-app-${registryVersion}-runner.jar`);
  if (!existsSync(jar)) throw new Missing(`Apicurio Registry ${registryVersion} (${registryFolder()})`, hint);
  return jar;
}

/** Java 17 or later. */
export function java(): string {
  const found = commandOf('java');
  if (!found) throw new Missing('java', 'apt-get install openjdk-17-jre-headless');
  return found;
}

/** Fetches what is not there yet. */
export async function fetchArtifacts(report: (line: string) => void): Promise<void> {
  if (!existsSync(kafkaFolder())) {
    report(`fetching Kafka ${kafkaVersion} into ${kafkaFolder()}`);
    await intoPlace(kafkaFolder(), fetchKafka);
  }
  if (!existsSync(registryFolder())) {
    report(`fetching Apicurio Registry ${registryVersion} into ${registryFolder()}`);
    await intoPlace(registryFolder(), fetchRegistry);
  }
}

/** All of it or nothing, also when two do it at once. */
async function intoPlace(folder: string, fill: (into: string) => Promise<void>): Promise<void> {
  mkdirSync(cache(), { recursive: true });
  const workshop = mkdtempSync(join(cache(), 'fetch-'));
  try {
    const into = join(workshop, 'files');
    mkdirSync(into);
    await fill(into);
    if (!existsSync(folder)) renameSync(into, folder);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
}

async function fetchKafka(into: string): Promise<void> {
  const dependency = (group: string, name: string, version: string): string =>
    `<dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`;
  const kafka = ['kafka_2.13', 'kafka-tools']
    .map((name) => dependency('org.apache.kafka', name, kafkaVersion))
    .join('');
  // Without it a broker says nothing at all, not even why it does not start.
  const words = dependency('org.slf4j', 'slf4j-simple', '1.7.36');
  const pom = join(into, '..', 'pom.xml');
  writeFileSync(
    pom,
    `<project><modelVersion>4.0.0</modelVersion><groupId>tocsin</groupId><artifactId>native</artifactId><version>1</version>
    <dependencies>${kafka}${words}</dependencies></project>`,
  );
  const scope = ['-DincludeScope=runtime', `-DoutputDirectory=${into}`];
  await run(maven(), ['-q', '-B', '-f', pom, 'dependency:copy-dependencies', ...scope]);
}

async function fetchRegistry(into: string): Promise<void> {
  const target = ['-Dtransitive=false', `-Dartifact=${registryArtifact}`];
  await run(maven(), ['-q', '-B', 'dependency:get', ...target]);
  const copy = [`-Dartifact=${registryArtifact}`, `-DoutputDirectory=${join(into, '..')}`];
  await run(maven(), ['-q', '-B', 'dependency:copy', ...copy]);
  const archive = join(into, '..', `apicurio-registry-app-${registryVersion}-all.tar.gz`);
  execFileSync('tar', ['-xzf', archive, '-C', into]);
}

function maven(): string {
  const found = commandOf('mvn');
  if (!found) throw new Missing('mvn', 'apt-get install maven');
  return found;
}
