import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfiguration } from '@tocsin/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { kafkaSettingsOf } from './kafka-settings.ts';
import { kafkaSettingsShape } from './settings.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tocsin-kafka-'));
  await writeFile(join(folder, 'ca.pem'), 'authority');
  await writeFile(join(folder, 'password'), 'guess me\n', { mode: 0o600 });
});
afterAll(() => rm(folder, { recursive: true }));

const settingsOf = (given: Readonly<Record<string, unknown>>) =>
  kafkaSettingsOf(
    readConfiguration({
      shape: kafkaSettingsShape,
      environment: { TOCSIN_KAFKA_BROKERS: 'a:9092, b:9092', TOCSIN_KAFKA_PARTITIONS: '2' },
      given,
    }),
    'member',
  );

test('nothing but the brokers: neither TLS nor a user', async () => {
  expect(await settingsOf({})).toEqual({ brokers: ['a:9092', 'b:9092'], instance: 'member' });
});

test('TLS by itself, and with an authority', async () => {
  expect(await settingsOf({ kafkaTls: 'yes' })).toMatchObject({ ssl: {} });
  expect(await settingsOf({ kafkaCa: join(folder, 'ca.pem') })).toMatchObject({ ssl: { ca: 'authority' } });
});

test('a user with a password that is referred to', async () => {
  const given = { kafkaSasl: 'scram-sha-512', kafkaUser: 'tocsin', kafkaPassword: `file:${join(folder, 'password')}` };
  const sasl = { mechanism: 'scram-sha-512', username: 'tocsin', password: 'guess me' };
  expect(await settingsOf(given)).toMatchObject({ sasl });
});

test.each([
  [{ kafkaUser: 'tocsin' }, 'TOCSIN_KAFKA_SASL, TOCSIN_KAFKA_USER, TOCSIN_KAFKA_PASSWORD are given together'],
  [{ kafkaCertificate: 'x' }, 'TOCSIN_KAFKA_CERTIFICATE and TOCSIN_KAFKA_KEY are given together'],
  [{ kafkaCa: '/nowhere/ca.pem' }, 'TOCSIN_KAFKA_CA: /nowhere/ca.pem cannot be read (ENOENT)'],
  [
    { kafkaSasl: 'plain', kafkaUser: 'tocsin', kafkaPassword: 'env:NOT_SET_ANYWHERE' },
    'TOCSIN_KAFKA_PASSWORD: env:NOT_SET_ANYWHERE is not set',
  ],
])('%j is refused with one line', async (given, said) => {
  await expect(settingsOf(given)).rejects.toThrow(said);
});

test('a password that is written out is refused, and not quoted', () => {
  expect(() => settingsOf({ kafkaPassword: 'guess me' })).toThrow('kafkaPassword: a secret is given by reference');
  expect(() => settingsOf({ kafkaPassword: 'guess me' })).not.toThrow('guess me');
});
