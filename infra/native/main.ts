/** `npx tsx infra/native/main.ts up|down|status|install [kafka registry redis postgres] [--brokers 3] [--install]` */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { install } from './install.ts';
import { startKafka } from './kafka.ts';
import { Missing } from './missing.ts';
import { startPostgres } from './postgres.ts';
import { startRedis } from './redis.ts';
import { startRegistry } from './registry.ts';

const kinds = ['kafka', 'registry', 'redis', 'postgres'] as const;
type Kind = (typeof kinds)[number];
type Urls = Readonly<Partial<Record<Kind, string>>>;

const home = join(tmpdir(), `tocsin-native-${userInfo().username}`);
const stateFile = join(home, 'state.json');
const logFile = join(home, 'log');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { brokers: { type: 'string', default: '1' }, install: { type: 'boolean', default: false } },
});
const [verb = 'status', ...named] = positionals;

try {
  await act();
} catch (error) {
  if (!(error instanceof Missing)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function act(): Promise<void> {
  if (values.install || verb === 'install') await install(console.log);
  if (verb === 'up') return up();
  if (verb === 'down') return down();
  if (verb === 'status') return status();
  if (verb === 'serve') return serve();
  if (verb !== 'install') throw new Error(`unknown command ${verb}: up, down, status or install`);
}

function wanted(): readonly Kind[] {
  const unknown = named.find((name) => !kinds.some((kind) => kind === name));
  if (unknown !== undefined) throw new Error(`unknown server ${unknown}: ${kinds.join(', ')}`);
  return named.length === 0 ? kinds : kinds.filter((kind) => named.includes(kind));
}

function running(): { readonly pid: number; readonly urls: Urls } | undefined {
  if (!existsSync(stateFile)) return undefined;
  const state = JSON.parse(readFileSync(stateFile, 'utf8')) as { pid: number; urls: Urls };
  try {
    process.kill(state.pid, 0);
    return state;
  } catch {
    return undefined;
  }
}

/** Leaves a process behind that holds the servers: they end with it. */
async function up(): Promise<void> {
  if (running()) return status();
  mkdirSync(home, { recursive: true });
  rmSync(stateFile, { force: true });
  const log = openSync(logFile, 'w');
  const arguments_ = [...process.execArgv, import.meta.filename, 'serve', ...wanted(), '--brokers', values.brokers];
  const holder = spawn(process.execPath, arguments_, { detached: true, stdio: ['ignore', log, log] });
  while (!existsSync(stateFile)) {
    if (holder.exitCode !== null) throw new Error(readFileSync(logFile, 'utf8'));
    await delay(50);
  }
  holder.unref();
  status();
}

async function serve(): Promise<void> {
  const brokers = values.brokers === '3' ? 3 : 1;
  const starts = {
    kafka: () => startKafka({ brokers, fast: true }),
    registry: startRegistry,
    redis: startRedis,
    postgres: startPostgres,
  };
  const started = await Promise.all(wanted().map(async (kind) => [kind, await starts[kind]()] as const));
  const urls = Object.fromEntries(started.map(([kind, { url }]) => [kind, url]));
  const end = async (): Promise<void> => {
    await Promise.all(started.map(([, { stop }]) => stop()));
    rmSync(home, { recursive: true, force: true });
    process.exit(0);
  };
  process.once('SIGTERM', () => void end());
  process.once('SIGINT', () => void end());
  writeFileSync(`${stateFile}.new`, JSON.stringify({ pid: process.pid, urls }));
  renameSync(`${stateFile}.new`, stateFile);
}

async function down(): Promise<void> {
  const state = running();
  if (!state) return console.log('nothing runs');
  process.kill(state.pid, 'SIGTERM');
  while (running()) await delay(50);
  console.log('stopped');
}

/** In the form of the variables that the tests read. */
function status(): void {
  const urls = Object.entries(running()?.urls ?? {});
  if (urls.length === 0) console.log('nothing runs');
  for (const [kind, url] of urls) console.log(`TOCSIN_TEST_${kind.toUpperCase()}=${url}`);
}
