import { readFile } from 'node:fs/promises';
import { isJsonObject } from '@tocsin/core';
import { parse } from 'yaml';
import { ConfigurationError, type ConfigurationSource } from './configuration.ts';

/** Settings in YAML or JSON, by key (`kafkaBrokers: [a:9092]`). Throws `ConfigurationError` for a file that is no such thing. */
export async function readConfigurationFile(
  path: string,
): Promise<NonNullable<ConfigurationSource<Record<never, never>>['file']>> {
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new ConfigurationError([`${path} cannot be read (${code})`]);
  });
  const values = parsed(text, path);
  if (!isJsonObject(values)) throw new ConfigurationError([`${path} holds no settings: write them as "key: value"`]);
  return { path, values };
}

function parsed(text: string, path: string): unknown {
  try {
    return parse(text) ?? {};
  } catch {
    // Its message quotes the line, which may hold a secret.
    throw new ConfigurationError([`${path} is not YAML`]);
  }
}
