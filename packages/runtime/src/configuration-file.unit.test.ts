import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { describedConfiguration, readConfiguration, setting } from './configuration.ts';
import { readConfigurationFile } from './configuration-file.ts';

const shape = z.object({
  brokers: setting.list(),
  port: setting.wholeNumber({ min: 0, max: 65_535 }).default(8480),
  host: z.string().default('::1'),
  rules: z.string().optional(),
});
let path: string;
beforeEach(async () => {
  path = join(await mkdtemp(join(tmpdir(), 'tocsin-config-')), 'service.yaml');
});
afterEach(() => rm(join(path, '..'), { recursive: true }));

const fileOf = async (text: string) => {
  await writeFile(path, text);
  return readConfigurationFile(path);
};

test('the environment is stronger than the file, and each value knows where it comes from', async () => {
  const file = await fileOf('brokers: [a:9092, b:9092]\nport: 9000\n');
  const source = { shape, file, environment: { TOCSIN_PORT: '9001' } };
  expect(readConfiguration(source)).toEqual({ brokers: ['a:9092', 'b:9092'], port: 9001, host: '::1' });
  expect(describedConfiguration(source).map(({ key, value, origin }) => [key, value, origin])).toEqual([
    ['brokers', ['a:9092', 'b:9092'], 'file'],
    ['port', 9001, 'environment'],
    ['host', '::1', 'default'],
    ['rules', undefined, 'default'],
  ]);
});

test('an unknown key of the file is named, unless others know it', async () => {
  const file = await fileOf('brokers: [a]\nprot: 1\nredisUrl: x\n');
  const read = () => readConfiguration({ shape, file, environment: {}, alsoKnown: ['TOCSIN_REDIS_URL'] });
  expect(read).toThrow(`prot in ${path} is not a known setting`);
  expect(read).not.toThrow('redisUrl');
});

test('what is missing is said to be needed', async () => {
  const file = await fileOf('# nothing yet\n');
  expect(() => readConfiguration({ shape, file, environment: {} })).toThrow('TOCSIN_BROKERS: is needed');
});

test.each([
  ['- a list', 'holds no settings'],
  ['a: [canary', 'is not YAML'],
])('%j is refused, and not quoted', async (text, said) => {
  await expect(fileOf(text)).rejects.toThrow(said);
  await expect(fileOf(text)).rejects.not.toThrow('canary');
});

test('a file that is not there is told as such', async () => {
  await expect(readConfigurationFile(join(path, '..', 'absent.yaml'))).rejects.toThrow('cannot be read (ENOENT)');
});
