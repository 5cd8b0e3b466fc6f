import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import kafkajs from 'kafkajs';
import { type Resolved, resolveServer } from '../../infra/native/index.ts';
import { type Answer, parsedOrText } from '../e2e/stack-harness.ts';
import { type ServiceName, ServiceProcess } from './service-process.ts';

const suite = 'the services on a real Kafka';
export const partitions = 2;

export interface Servers {
  readonly kafka: Resolved;
  readonly registry: Resolved;
  readonly redis: Resolved;
  readonly postgres: Resolved;
}

/** Undefined where one of them is not to be had: a line has said which. */
export async function serversOf(): Promise<Servers | undefined> {
  const [kafka, registry, redis, postgres] = await Promise.all([
    resolveServer('kafka', suite),
    resolveServer('registry', suite),
    resolveServer('redis', suite),
    resolveServer('postgres', suite),
  ]);
  if (kafka && registry && redis && postgres) return { kafka, registry, redis, postgres };
  await Promise.all([kafka, registry, redis, postgres].map((server) => server?.stop()));
  return undefined;
}

/** A company's installation: its secrets and rules in a folder, its topics under a prefix of their own, its services as processes. */
export class Installation {
  readonly folder = mkdtempSync(join(tmpdir(), 'tocsin-cluster-'));
  readonly token = `toc_${randomBytes(32).toString('base64url')}`;
  readonly #servers: Servers;
  readonly #name = `t${randomBytes(4).toString('hex')}`;
  readonly #processes: ServiceProcess[] = [];
  url = '';

  constructor(servers: Servers, rules: string) {
    this.#servers = servers;
    const secret = (name: string, text: string) => writeFileSync(join(this.folder, name), text, { mode: 0o600 });
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    secret('installation.secret', `${randomBytes(32).toString('hex')}\n`);
    secret('admin.token', `${this.token}\n`);
    secret('audit.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    writeFileSync(join(this.folder, 'audit.pub'), publicKey.export({ type: 'spki', format: 'pem' }).toString());
    writeFileSync(join(this.folder, 'rules.yaml'), rules);
    mkdirSync(join(this.folder, 'checkpoints'));
  }

  /** One environment for all services: each takes what it needs of it. */
  get environment(): Readonly<Record<string, string>> {
    const postgres = new URL(this.#servers.postgres.url);
    postgres.pathname = `/${this.#name}`;
    return {
      TOCSIN_KAFKA_BROKERS: this.#servers.kafka.url,
      TOCSIN_KAFKA_PARTITIONS: String(partitions),
      TOCSIN_KAFKA_PREFIX: `${this.#name}.`,
      TOCSIN_REGISTRY_URL: this.#servers.registry.url,
      TOCSIN_KAFKA_SESSION_MS: '4000',
      TOCSIN_OPERATIONS_PORT: '0',
      TOCSIN_LOG_LEVEL: 'warn',
      TOCSIN_INSTALLATION_SECRET: `file:${join(this.folder, 'installation.secret')}`,
      TOCSIN_ADMIN_TOKEN: `file:${join(this.folder, 'admin.token')}`,
      TOCSIN_REDIS_URL: this.#servers.redis.url,
      TOCSIN_POSTGRES_URL: postgres.href,
      TOCSIN_PORT: '0',
      TOCSIN_LINK_BASE: 'https://tocsin.example',
      TOCSIN_EGRESS_ALLOW: '127.0.0.1/32',
      TOCSIN_RULES: join(this.folder, 'rules.yaml'),
      TOCSIN_AUDIT_KEY: `file:${join(this.folder, 'audit.key')}`,
      TOCSIN_CHECKPOINTS: join(this.folder, 'checkpoints'),
      TOCSIN_AUDIT_PUBLIC_KEYS: join(this.folder, 'audit.pub'),
    };
  }

  start(service: ServiceName, instance: string, env: Readonly<Record<string, string>> = {}): ServiceProcess {
    const started = new ServiceProcess(service, { ...this.environment, TOCSIN_INSTANCE: instance, ...env });
    this.#processes.push(started);
    return started;
  }

  /** The subjects of its schemas. */
  async subjects(): Promise<readonly string[]> {
    const answer = await fetch(`${this.#servers.registry.url}/subjects`, { signal: AbortSignal.timeout(30_000) });
    const subjects = (await answer.json()) as readonly string[];
    return subjects.filter((subject) => subject.startsWith(`${this.#name}.`));
  }

  /** How many partitions each instance has of what the group's first processor reads, by instance. */
  async sharesOf(processor: string): Promise<Readonly<Record<string, number>>> {
    const kafka = new kafkajs.Kafka({
      brokers: this.#servers.kafka.url.split(','),
      logLevel: kafkajs.logLevel.NOTHING,
    });
    const admin = kafka.admin();
    await admin.connect();
    try {
      const { groups } = await admin.describeGroups([`${this.#name}.${processor}`]);
      const members = groups.flatMap((group) => group.members);
      return Object.fromEntries(members.map(({ clientId, memberAssignment }) => [clientId, countOf(memberAssignment)]));
    } finally {
      await admin.disconnect();
    }
  }

  /** What the processes have written, for a test that failed. */
  get output(): string {
    return this.#processes.map(({ name, output }) => `== ${name}\n${output}`).join('\n');
  }

  /** One HTTP request with the token. */
  async call(method: string, path: string, json?: unknown): Promise<Answer> {
    const answer = await fetch(this.url + path, {
      method,
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(json !== undefined && { 'content-type': 'application/json' }),
      },
      ...(json !== undefined && { body: JSON.stringify(json) }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: answer.status, headers: answer.headers, body: parsedOrText(await answer.text()) };
  }

  /** SIGTERM to all at once; the exit codes by name. */
  async stop(): Promise<Readonly<Record<string, number | null>>> {
    const codes = await Promise.all(
      this.#processes.map(async (process) => [process.name, await process.stop()] as const),
    );
    return Object.fromEntries(codes);
  }

  async remove(): Promise<void> {
    await Promise.all(this.#processes.map((process) => process.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Of every topic a member has the same partitions. */
function countOf(assignment: Buffer): number {
  if (assignment.length === 0) return 0;
  const topics = kafkajs.AssignerProtocol.MemberAssignment.decode(assignment)?.assignment ?? {};
  return Math.max(0, ...Object.values(topics).map((partitions) => partitions.length));
}
