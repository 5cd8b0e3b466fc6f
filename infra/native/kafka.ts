import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { java, kafkaJars } from './artifacts.ts';
import { answers, freePort } from './free-port.ts';
import { Server, startOnFreePort } from './server.ts';

const run = promisify(execFile);

export interface StartedKafka {
  /** `host:port`, several with commas between them: a bootstrap list. */
  readonly url: string;
  /** For tests that kill a broker and start it again with its files. */
  readonly brokers: readonly Server[];
  stop(): Promise<void>;
}

export interface KafkaForm {
  /** True compiles the broker for speed, which takes the first minute of a small machine: for benchmarks. @default false */
  readonly fast?: boolean;
  /** @default 1 */
  readonly brokers?: 1 | 3;
  /** Settings of the brokers besides, or instead of, our own. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface Node {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
}

interface Cluster {
  readonly id: string;
  readonly nodes: readonly Node[];
  readonly settings: Readonly<Record<string, string>>;
  readonly fast: boolean;
}

/** Starts a Kafka of one or three brokers, each of them a controller too; no ZooKeeper, no Docker. */
export function startKafka({ brokers = 1, settings = {}, fast = false }: KafkaForm = {}): Promise<StartedKafka> {
  return startOnFreePort(async () => {
    const cluster = { id: randomBytes(16).toString('base64url'), nodes: await nodesOf(brokers), settings, fast };
    const started = await Promise.allSettled(cluster.nodes.map((node) => startBroker(cluster, node)));
    const servers = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const stop = async (): Promise<void> => void (await Promise.all(servers.map((server) => server.stop())));
    const failed = started.find((one) => one.status === 'rejected');
    if (failed) {
      await stop();
      throw failed.reason;
    }
    return { url: cluster.nodes.map(({ port }) => `127.0.0.1:${port}`).join(','), brokers: servers, stop };
  });
}

async function nodesOf(count: number): Promise<readonly Node[]> {
  const ids = Array.from({ length: count }, (_, i) => i + 1);
  return Promise.all(ids.map(async (id) => ({ id, port: await freePort(), controllerPort: await freePort() })));
}

const startBroker = (cluster: Cluster, node: Node): Promise<Server> =>
  Server.start({
    name: 'kafka',
    command: (directory) => formatted(directory, cluster, node),
    ready: () => answers(node.port, '', ''),
    stopSignal: 'KILL',
    readyWithinMs: 60_000,
  });

/** Writes the configuration, formats the storage, and says how to run the broker. */
async function formatted(directory: string, cluster: Cluster, node: Node): Promise<readonly string[]> {
  const classes = `${kafkaJars()}/*`;
  const file = join(directory, 'server.properties');
  mkdirSync(join(directory, 'data'));
  const settings = Object.entries({ ...settingsOf(directory, cluster, node), ...cluster.settings });
  writeFileSync(file, settings.map(([name, value]) => `${name}=${value}\n`).join(''));
  const quick = ['-XX:TieredStopAtLevel=1', '-Xshare:auto', '-Xmx128m'];
  await run(java(), [...quick, '-cp', classes, 'kafka.tools.StorageTool', 'format', '-t', cluster.id, '-c', file]);
  const heap = [
    ...(cluster.fast ? [] : ['-XX:TieredStopAtLevel=1']),
    '-Xms128m',
    '-Xmx512m',
    '-XX:+UseSerialGC',
    '-Xshare:auto',
  ];
  const log = '-Dorg.slf4j.simpleLogger.defaultLogLevel=warn';
  return [java(), ...heap, log, '-cp', classes, 'kafka.Kafka', file];
}

/** Small, quick to start, and safe to lose: one replica unless there are three brokers. */
function settingsOf(
  directory: string,
  { nodes }: Cluster,
  { id, port, controllerPort }: Node,
): Record<string, unknown> {
  const replicas = nodes.length;
  const inSync = replicas > 1 ? 2 : 1;
  return {
    'process.roles': 'broker,controller',
    'node.id': id,
    'controller.quorum.voters': nodes.map((node) => `${node.id}@127.0.0.1:${node.controllerPort}`).join(','),
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': join(directory, 'data'),
    'auto.create.topics.enable': false,
    'default.replication.factor': replicas,
    'min.insync.replicas': inSync,
    'offsets.topic.replication.factor': replicas,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.replication.factor': replicas,
    'transaction.state.log.min.isr': inSync,
    'transaction.state.log.num.partitions': 4,
    // A first member that waited for others would only make each start slower.
    'group.initial.rebalance.delay.ms': 0,
    // A broker that was killed may come back only when the controller has given up its former life.
    'broker.session.timeout.ms': 4_000,
    // Tests let a member die, and would rather not wait long for it.
    'group.min.session.timeout.ms': 1_000,
    'broker.heartbeat.interval.ms': 500,
    'log.cleaner.dedupe.buffer.size': 16 * 1024 * 1024,
    'num.network.threads': 2,
    'num.io.threads': 4,
  };
}
