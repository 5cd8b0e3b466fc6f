import { settingsTable } from '@tocsin/cluster';
import { expect, test } from 'vitest';
import { read } from '../e2e/documents.ts';
import { ServiceProcess } from './service-process.ts';

test('docs/cluster.md has every setting as the code has it', () => {
  const table = /<!-- settings:.*-->\n([\s\S]*?)\n<!-- end of settings -->/.exec(read('docs/cluster.md'))?.[1];
  expect(table).toBe(settingsTable());
});

test('a service says what is wrong with its settings, all at once, and no value', async () => {
  const service = new ServiceProcess('api', {
    TOCSIN_KAFKA_BROKER: 'typo',
    TOCSIN_KAFKA_PARTITIONS: '0',
    TOCSIN_REDIS_URL: 'canary',
    TOCSIN_LINK_BASE: 'http://of.the.notifier',
  });
  expect(await service.ended()).toBe(2);
  await expect(service.runs()).rejects.toThrow('ended with 2');
  const said = service.output;
  expect(said).toContain('TOCSIN_KAFKA_BROKER is not a known variable');
  expect(said).toContain('TOCSIN_KAFKA_BROKERS: is needed');
  expect(said).toContain('TOCSIN_KAFKA_PARTITIONS: ');
  expect(said).toContain('TOCSIN_REDIS_URL: must begin with redis:// or rediss://');
  expect(said).toContain('TOCSIN_ADMIN_TOKEN: is needed');
  expect(said).not.toMatch(/canary|LINK_BASE/);
});

test('a service shows its settings with their origins, and no password', async () => {
  const env = {
    TOCSIN_KAFKA_BROKERS: 'a:9092,b:9092',
    TOCSIN_KAFKA_PARTITIONS: '4',
    TOCSIN_LINK_BASE: 'https://tocsin.example',
    TOCSIN_REDIS_URL: 'redis://:canary@cache:6379',
  };
  const service = new ServiceProcess('notifier', env, ['--print-config']);
  expect(await service.ended()).toBe(0);
  await expect(service.runs()).rejects.toThrow('ended with 0');
  expect(service.output).toContain('TOCSIN_KAFKA_BROKERS=a:9092,b:9092  # environment\n');
  expect(service.output).toContain('TOCSIN_REDIS_URL=(hidden)  # environment\n');
  expect(service.output).toContain('TOCSIN_LOG_LEVEL=info  # default\n');
  expect(service.output).toContain('TOCSIN_KAFKA_USER=  # not set\n');
  expect(service.output).not.toContain('canary');
});
