import { logLevels, setting } from '@tocsin/runtime';
import { z } from 'zod';

const reference = () => z.string().regex(/^(env|file):./, 'a secret is given by reference: env:NAME or file:PATH');
const address = (...schemes: readonly string[]) =>
  z
    .string()
    .refine(
      (text) => /^(env|file):./.test(text) || schemes.some((scheme) => text.startsWith(`${scheme}://`)),
      `must begin with ${schemes.map((scheme) => `${scheme}://`).join(' or ')}, or be a reference: env:NAME or file:PATH`,
    );

/**
 * Every setting of the services, once: a service takes those that it needs, and knows the others as none of its business, so
 * one environment or one file can serve all of them.
 */
export const settings = z.object({
  kafkaBrokers: setting
    .list()
    .refine((list) => list.length > 0, 'at least one host:port')
    .describe('Kafka: some of its brokers, `host:port`, with commas between them'),
  kafkaPartitions: setting
    .wholeNumber({ min: 1, max: 256 })
    .describe('Kafka: partition count `P` of all topics; chosen once, the same for every service'),
  kafkaPrefix: z
    .string()
    .regex(/^[A-Za-z0-9._-]{0,64}$/, 'letters, digits, dots, dashes and underscores')
    .default('tocsin.')
    .describe('Kafka: before the name of every topic, group and transactional id'),
  kafkaTls: setting.flag().default(false).describe('Kafka: TLS; its certificate is always checked'),
  kafkaCa: z
    .string()
    .min(1)
    .optional()
    .describe('Kafka: file with the authority of its certificate (PEM); implies TLS'),
  kafkaCertificate: z
    .string()
    .min(1)
    .optional()
    .describe('Kafka: file with our certificate (PEM), where it asks for one'),
  kafkaKey: reference().optional().describe('Kafka: the key of our certificate (PEM), by reference'),
  kafkaSasl: z
    .enum(['plain', 'scram-sha-256', 'scram-sha-512'])
    .optional()
    .describe('Kafka: SASL mechanism; nothing is sent unless given'),
  kafkaUser: z.string().min(1).optional().describe('Kafka: user of SASL'),
  kafkaPassword: reference().optional().describe('Kafka: password of SASL, by reference'),
  registryUrl: address('http', 'https')
    .optional()
    .describe(
      'Schema registry: base of the API of Confluent (`https://user:password@host/apis/ccompat/v7`), may be a reference. Records are then Avro with a schema id, else JSON; the same for every service',
    ),
  registryCa: z
    .string()
    .min(1)
    .optional()
    .describe('Schema registry: file with the authority of its certificate (PEM)'),
  kafkaSessionMs: setting
    .wholeNumber({ min: 3_000, max: 300_000 })
    .default(10_000)
    .describe('Kafka: how soon the work of a dead instance goes to the others'),
  instance: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, 'letters, digits, dots, dashes and underscores')
    .optional()
    .describe(
      'Name of this instance: unique among those of its service, the same after a restart. The host name unless given',
    ),
  operationsHost: z
    .string()
    .min(1)
    .default('127.0.0.1')
    .describe('Where `/livez`, `/readyz` and `/metrics` are served: address'),
  operationsPort: setting
    .wholeNumber({ min: 0, max: 65_535 })
    .default(9480)
    .describe('Where `/livez`, `/readyz` and `/metrics` are served: port; 0 takes a free one'),
  logLevel: z.enum(logLevels).default('info').describe('From which level on log lines are written to standard error'),
  installationSecret: reference().describe(
    'ingest, triage, control, api: 64 hex digits, by reference; signal ids are certified and commands signed with it',
  ),
  commandSecrets: reference()
    .optional()
    .describe(
      'triage, control, api: other secrets for commands, by reference: one a line, the first signs, all verify. The installation secret unless given',
    ),
  adminToken: reference().describe('api: `toc_` and 43 characters, by reference; what clients send as bearer token'),
  redisUrl: address('redis', 'rediss').describe(
    'notifier, api: `redis://user:password@host:port`, `rediss://` for TLS; may be a reference',
  ),
  postgresUrl: address('postgres', 'postgresql').describe(
    'api: `postgres://user:password@host:port/database`, `?sslmode=verify-full&sslrootcert=FILE` for TLS; may be a reference',
  ),
  postgresConnections: setting
    .wholeNumber({ min: 2, max: 200 })
    .default(10)
    .describe('api: connections of an instance to PostgreSQL at most'),
  host: z.string().min(1).default('127.0.0.1').describe('api: address to listen on'),
  port: setting
    .wholeNumber({ min: 0, max: 65_535 })
    .default(8480)
    .describe('api: port to listen on; 0 takes a free one'),
  linkBase: z
    .string()
    .regex(/^https?:\/\/[^/]+/, 'must be an absolute URL')
    .describe('notifier: where people reach the pages; links in messages begin with it'),
  egressAllow: setting
    .list()
    .default([])
    .describe('notifier: networks (CIDR) that sinks may reach although they are not public'),
  secretsFolder: z.string().min(1).default('.').describe('notifier: where relative `file:` references of sinks begin'),
  rules: z
    .string()
    .min(1)
    .optional()
    .describe('control: rules file that is loaded at the start; the same for all instances of control'),
  auditKey: reference()
    .optional()
    .describe('audit: Ed25519 key that signs checkpoints (PEM), by reference. Goes with `TOCSIN_CHECKPOINTS`'),
  checkpoints: z
    .string()
    .min(1)
    .optional()
    .describe(
      'audit: folder of `checkpoints.ndjson`, kept over restarts; given to exactly one instance, which writes them',
    ),
  auditPublicKeys: z
    .string()
    .min(1)
    .describe('api: file with the public halves of the audit keys (PEM), former ones included'),
});

const shared = {
  kafkaBrokers: true,
  kafkaPartitions: true,
  kafkaPrefix: true,
  kafkaTls: true,
  kafkaCa: true,
  kafkaCertificate: true,
  kafkaKey: true,
  kafkaSasl: true,
  kafkaUser: true,
  kafkaPassword: true,
} as const;

/** What reaching Kafka needs. */
export const kafkaSettingsShape = settings.pick(shared);
/** What every service needs. */
export const commonSettings = settings.pick({
  ...shared,
  registryUrl: true,
  registryCa: true,
  kafkaSessionMs: true,
  instance: true,
  operationsHost: true,
  operationsPort: true,
  logLevel: true,
});
export type KafkaConfiguration = z.output<typeof kafkaSettingsShape>;
export type CommonConfiguration = z.output<typeof commonSettings>;

/** Settings whose values may hold a password: never shown. */
export const secretSettings: ReadonlySet<string> = new Set(['redisUrl', 'postgresUrl', 'registryUrl']);
