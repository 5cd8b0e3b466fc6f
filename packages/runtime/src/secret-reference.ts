import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Json } from '@tocsin/core';
import { type Environment, processEnvironment } from './configuration.ts';

export const secretErrorCodes = ['bad_reference', 'unset', 'empty', 'too_large', 'unreadable', 'exposed'] as const;
export type SecretErrorCode = (typeof secretErrorCodes)[number];

export type ResolvedSecret =
  | { readonly ok: true; readonly value: string }
  /** The message names the reference, never the value. */
  | { readonly ok: false; readonly code: SecretErrorCode; readonly message: string };

export interface SecretSources {
  /** The environment of the process unless said. */
  readonly environment?: Environment;
  /** Where relative paths start: the folder of the rules file. */
  readonly folder?: string;
}

const maxBytes = 64 * 1024;
const refused = (code: SecretErrorCode, message: string): ResolvedSecret => ({ ok: false, code, message });
const withoutLastNewline = (text: string): string => text.replace(/\r?\n$/, '');

/** Reads `env:NAME` or `file:PATH`. One newline at the end of a file does not count; a file that anybody may read is refused. */
export async function resolveSecret(reference: string, sources: SecretSources = {}): Promise<ResolvedSecret> {
  const [, kind, place = ''] = /^(env|file):(.+)$/s.exec(reference) ?? [];
  if (kind === 'env') return fromEnvironment(place, sources.environment ?? processEnvironment());
  if (kind === 'file') return fromFile(resolve(sources.folder ?? '.', place));
  return refused('bad_reference', 'a secret is given by reference: env:NAME or file:PATH');
}

function fromEnvironment(name: string, environment: Environment): ResolvedSecret {
  const value = environment[name];
  if (value === undefined) return refused('unset', `env:${name} is not set`);
  return value === '' ? refused('empty', `env:${name} is empty`) : { ok: true, value };
}

async function fromFile(path: string): Promise<ResolvedSecret> {
  try {
    return await readSecretFile(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    return refused('unreadable', `file:${path} cannot be read (${code})`);
  }
}

async function readSecretFile(path: string): Promise<ResolvedSecret> {
  const file = await open(path, 'r');
  try {
    // Judged on the open file, so that nobody can put another one in its place in between.
    const { mode, size } = await file.stat();
    if (process.platform !== 'win32' && (mode & 0o006) !== 0)
      return refused('exposed', `file:${path} can be read or written by every user: chmod o-rwx ${path}`);
    if (size > maxBytes) return refused('too_large', `file:${path} is larger than ${maxBytes} bytes`);
    const value = withoutLastNewline(await file.readFile('utf8'));
    return value === '' ? refused('empty', `file:${path} is empty`) : { ok: true, value };
  } finally {
    await file.close();
  }
}

export interface ResolvedSecrets {
  readonly config: Readonly<Record<string, unknown>>;
  /** One line for each reference that failed: the key, then why. Empty when all is well. */
  readonly problems: readonly string[];
}

/** A copy of a sink's configuration with the references under `keys` replaced by what they name, lists and maps included. */
export async function resolveConfigSecrets(
  config: Readonly<Record<string, unknown>>,
  keys: readonly string[],
  sources: SecretSources = {},
): Promise<ResolvedSecrets> {
  const problems: string[] = [];
  const at = async (path: string, value: unknown): Promise<unknown> => {
    if (typeof value === 'string') {
      const secret = await resolveSecret(value, sources);
      if (!secret.ok) problems.push(`${path}: ${secret.message}`);
      return secret.ok ? secret.value : value;
    }
    if (Array.isArray(value)) return Promise.all(value.map((inner, index) => at(`${path}.${index}`, inner)));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value as Readonly<Record<string, Json>>);
    return Object.fromEntries(
      await Promise.all(entries.map(async ([key, inner]) => [key, await at(`${path}.${key}`, inner)] as const)),
    );
  };
  const resolved = await Promise.all(
    Object.entries(config).map(
      async ([key, value]) => [key, keys.includes(key) ? await at(key, value) : value] as const,
    ),
  );
  return { config: Object.fromEntries(resolved), problems };
}
