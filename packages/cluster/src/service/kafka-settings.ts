import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { ConfigurationError, variableOf } from '@tocsin/runtime';
import type { KafkaSettings } from '../kafka/kafka-client.ts';
import { secretOf } from './secrets.ts';
import type { KafkaConfiguration } from './settings.ts';

/** How to reach Kafka. Throws `ConfigurationError` for settings that do not go together and files that cannot be read. */
export async function kafkaSettingsOf(config: KafkaConfiguration, instance = hostname()): Promise<KafkaSettings> {
  const ssl = await sslOf(config);
  const sasl = await saslOf(config);
  return {
    brokers: config.kafkaBrokers,
    instance,
    ...(ssl !== undefined && { ssl }),
    ...(sasl !== undefined && { sasl }),
  };
}

async function sslOf(config: KafkaConfiguration): Promise<KafkaSettings['ssl'] | undefined> {
  const { kafkaTls, kafkaCa, kafkaCertificate, kafkaKey } = config;
  if ((kafkaCertificate === undefined) !== (kafkaKey === undefined))
    throw new ConfigurationError([
      `${variableOf('kafkaCertificate')} and ${variableOf('kafkaKey')} are given together or not at all`,
    ]);
  if (!kafkaTls && kafkaCa === undefined && kafkaCertificate === undefined) return undefined;
  return {
    ...(kafkaCa !== undefined && { ca: await fileOf('kafkaCa', kafkaCa) }),
    ...(kafkaCertificate !== undefined && { cert: await fileOf('kafkaCertificate', kafkaCertificate) }),
    ...(kafkaKey !== undefined && { key: await secretOf('kafkaKey', kafkaKey) }),
  };
}

async function saslOf(config: KafkaConfiguration): Promise<KafkaSettings['sasl'] | undefined> {
  const { kafkaSasl: mechanism, kafkaUser: username, kafkaPassword } = config;
  if (mechanism === undefined && username === undefined && kafkaPassword === undefined) return undefined;
  if (mechanism === undefined || username === undefined || kafkaPassword === undefined)
    throw new ConfigurationError([
      `${['kafkaSasl', 'kafkaUser', 'kafkaPassword'].map(variableOf).join(', ')} are given together or not at all`,
    ]);
  const password = await secretOf('kafkaPassword', kafkaPassword);
  // Three forms of one shape: the client tells them apart by their mechanism.
  if (mechanism === 'plain') return { mechanism, username, password };
  if (mechanism === 'scram-sha-256') return { mechanism, username, password };
  return { mechanism, username, password };
}

export async function fileOf(key: string, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigurationError([`${variableOf(key)}: ${path} cannot be read (${code})`]);
  }
}
